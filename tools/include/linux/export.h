/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Linked into one program, symbols need no exporting.
 */
#ifndef _TOOLS_LINUX_EXPORT_H
#define _TOOLS_LINUX_EXPORT_H

#define EXPORT_SYMBOL(symbol)
#define EXPORT_SYMBOL_GPL(symbol)

#endif /* _TOOLS_LINUX_EXPORT_H */
