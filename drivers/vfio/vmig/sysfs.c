// SPDX-License-Identifier: GPL-2.0-only
/*
 * The directory "migration" of a device: where it is, why something was refused,
 * and failures that a test orders.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../compat.h"
#include "front.h"

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vmig_vfio *mig = container_of(attr, struct vmig_vfio,
					     state_attr);

	return sysfs_emit(buf, "%s\n",
			  vmig_state_name(vmig_get_state(&mig->vmig)));
}

static ssize_t last_error_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vmig_vfio *mig = container_of(attr, struct vmig_vfio,
					     last_error_attr);
	char reason[VMIG_REASON_SIZE];

	vmig_reason(&mig->vmig, reason);
	return sysfs_emit(buf, "%s\n", reason);
}

/* Failures on order: "POINT ERRNO [NTH]", POINT may be "FROM->TO" */

static ssize_t fault_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vmig_vfio *mig = container_of(attr, struct vmig_vfio,
					     fault_attr);
	struct vmig_fault fault;

	vmig_ordered_fault(&mig->vmig, &fault);
	if (fault.point == VMIG_AT_NONE)
		return sysfs_emit(buf, "none\n");
	if (fault.point == VMIG_AT_ARC && fault.from != VMIG_ERROR)
		return sysfs_emit(buf, "%s->%s %d %u\n",
				  vmig_state_name(fault.from),
				  vmig_state_name(fault.to), fault.error,
				  fault.countdown);
	return sysfs_emit(buf, "%s %d %u\n", vmig_point_name(fault.point),
			  fault.error, fault.countdown);
}

static int parse_state(const char *word, enum vmig_state *state)
{
	u32 i;

	for (i = VMIG_STOP; i < VMIG_NR_STATES; i++) {
		if (!strcmp(word, vmig_state_name(i))) {
			*state = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_point(char *word, struct vmig_fault *fault)
{
	char *arrow = strstr(word, "->");

	if (arrow) {
		*arrow = '\0';
		fault->point = VMIG_AT_ARC;
		return parse_state(word, &fault->from) ?:
		       parse_state(arrow + 2, &fault->to);
	}
	for (fault->point = 0; fault->point < VMIG_NR_POINTS; fault->point++)
		if (!strcmp(word, vmig_point_name(fault->point)))
			return 0;
	return -EINVAL;
}

static int parse_fault(char *text, struct vmig_fault *fault)
{
	char *words[3] = { };
	unsigned int nr;
	char *word;

	for (nr = 0; (word = strsep(&text, " ")); nr++) {
		if (nr == ARRAY_SIZE(words))
			return -EINVAL;
		words[nr] = word;
	}
	if (parse_point(words[0], fault))
		return -EINVAL;
	if (fault->point == VMIG_AT_NONE)
		return nr == 1 ? 0 : -EINVAL;
	fault->countdown = 1;
	if (nr < 2 || kstrtoint(words[1], 10, &fault->error) ||
	    (words[2] && kstrtouint(words[2], 10, &fault->countdown)))
		return -EINVAL;
	return fault->error > 0 && fault->error <= MAX_ERRNO &&
	       fault->countdown ? 0 : -EINVAL;
}

static ssize_t fault_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	struct vmig_vfio *mig = container_of(attr, struct vmig_vfio,
					     fault_attr);
	struct vmig_fault fault = { };
	char *text;
	int ret;

	text = kstrndup(buf, count, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	ret = parse_fault(strim(text), &fault);
	kfree(text);
	if (ret)
		return ret;
	vmig_order_fault(&mig->vmig, &fault);
	return count;
}

static struct attribute *
fill_attr(struct device_attribute *attr, const struct device_attribute *from)
{
	*attr = *from;
	sysfs_attr_init(&attr->attr);
	return &attr->attr;
}

/**
 * vmig_vfio_expose() - show "migration" in the device's directory
 * @mig: the device, registered
 *
 * Return: 0 or a negative errno.
 */
int vmig_vfio_expose(struct vmig_vfio *mig)
{
	static const struct device_attribute state = __ATTR_RO(state);
	static const struct device_attribute error = __ATTR_RO(last_error);
	static const struct device_attribute fault = __ATTR_RW_MODE(fault, 0600);

	mig->attrs[0] = fill_attr(&mig->state_attr, &state);
	mig->attrs[1] = fill_attr(&mig->last_error_attr, &error);
	mig->attrs[2] = fill_attr(&mig->fault_attr, &fault);
	mig->attrs[3] = NULL;
	mig->group = (struct attribute_group) {
		.name = "migration",
		.attrs = mig->attrs,
	};
	return sysfs_create_group(&mig->vfio->dev->kobj, &mig->group);
}
EXPORT_SYMBOL_GPL(vmig_vfio_expose);

/**
 * vmig_vfio_hide() - the end of what vmig_vfio_expose() began
 * @mig: the device
 *
 * Waits for those who read or write there.
 */
void vmig_vfio_hide(struct vmig_vfio *mig)
{
	sysfs_remove_group(&mig->vfio->dev->kobj, &mig->group);
}
EXPORT_SYMBOL_GPL(vmig_vfio_hide);
