/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A module is part of the program: there is nobody to read what it says of
 * itself.
 */
#ifndef _TOOLS_LINUX_MODULE_H
#define _TOOLS_LINUX_MODULE_H

#include <linux/export.h>
#include <linux/kernel.h>

struct module;

#define THIS_MODULE		((struct module *)NULL)

#define MODULE_LICENSE(text)
#define MODULE_DESCRIPTION(text)
#define MODULE_AUTHOR(text)

#endif /* _TOOLS_LINUX_MODULE_H */
