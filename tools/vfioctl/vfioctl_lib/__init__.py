# SPDX-License-Identifier: GPL-2.0-only
"""What vfioctl is made of."""
