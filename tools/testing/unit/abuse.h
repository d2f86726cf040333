/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random use of a device, as an unkind user and guest would.
 */
#ifndef _UNIT_ABUSE_H
#define _UNIT_ABUSE_H

#include "front.h"

/* Some access, interrupt set-up, unmasking or passing of time. */
void abuse(struct front *front);

#endif /* _UNIT_ABUSE_H */
