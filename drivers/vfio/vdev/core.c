// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Life of a device: creation, parameters, opening, reset, destruction.
 */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vdev_private.h"

/* PCI 6.2.5.1: at most 256 bytes of I/O space to a BAR */
#define VDEV_IO_BAR_MAX		256

static bool bar_valid(const struct vdev_bar *bar)
{
	if (bar->type == VDEV_BAR_NONE)
		return !bar->size;
	if (!is_power_of_2(bar->size) || !is_power_of_2(bar->max_width) ||
	    bar->max_width > 8)
		return false;
	if (bar->type == VDEV_BAR_IO)
		return bar->size >= 4 && bar->size <= VDEV_IO_BAR_MAX;
	return bar->size >= 16;
}

static const char *model_fault(const struct vdev_family *family,
			       const struct vdev_model *model)
{
	int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		if (!bar_valid(&model->bars[i]))
			return "a BAR no PCI device can have";
	if (!model->units || model->units > family->capacity)
		return "units beyond the family's capacity";
	if (model->msi_vectors > 1)
		return "more than one MSI vector";
	return NULL;
}

static bool params_valid(const struct vdev_family *family)
{
	const struct vdev_param *param = family->params;
	unsigned int nr, nr_values;

	if (!param)
		return true;
	for (nr = 0; param[nr].name; nr++) {
		if (nr == VDEV_MAX_PARAMS || !param[nr].values)
			return false;
		nr_values = 0;
		while (param[nr].values[nr_values])
			nr_values++;
		if (!nr_values || nr_values > VDEV_MAX_PARAM_VALUES)
			return false;
	}
	return true;
}

static const char *family_fault(const struct vdev_family *family)
{
	unsigned int i, j;

	if (!family->ops || !family->ops->reset || !family->ops->read ||
	    !family->ops->write)
		return "has no reset, read or write operation";
	if (!params_valid(family))
		return "has a parameter too many, or one without values";
	if (!family->nr_models)
		return "has no models";
	for (i = 0; i < family->nr_models; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(family->models[i].name,
				    family->models[j].name))
				return "has two models of one name";
	return NULL;
}

/**
 * vdev_check_family() - is a family something a front can show
 * @family: the family
 *
 * Return: 0, or -EINVAL after a message that names the model and its fault.
 */
int vdev_check_family(const struct vdev_family *family)
{
	const char *fault;
	unsigned int i;

	fault = family_fault(family);
	if (fault) {
		pr_err("vdev: %s %s\n", family->name, fault);
		return -EINVAL;
	}
	for (i = 0; i < family->nr_models; i++) {
		fault = model_fault(family, &family->models[i]);
		if (!fault)
			continue;
		pr_err("vdev: %s-%s declares %s\n", family->name,
		       family->models[i].name, fault);
		return -EINVAL;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vdev_check_family);

static void power_on(struct vdev *vdev)
{
	lockdep_assert_held(&vdev->lock);
	vdev_timers_stop(vdev);
	vdev_irq(vdev, false);
	/* the reset clears the bit, and must not leave INTx masked behind it */
	if (vdev_command(vdev) & PCI_COMMAND_INTX_DISABLE)
		vdev_intx_disable_cleared(vdev);
	vdev_config_reset(vdev);
	vdev->family->ops->reset(vdev);
}

/**
 * vdev_create() - bring a device into being, powered on and not open
 * @family: the model's family, which vdev_check_family() found well; outlives
 *	the device
 * @model: one of its models
 * @front: the front's services; outlives the device
 * @front_data: &vdev.front_data, set before any service is asked for
 *
 * Return: the device, or ERR_PTR: -ENOMEM, or what &vdev_ops.init returned.
 */
struct vdev *vdev_create(const struct vdev_family *family,
			 const struct vdev_model *model,
			 const struct vdev_front_ops *front, void *front_data)
{
	struct vdev *vdev;
	int ret;

	vdev = kzalloc(sizeof(*vdev) + family->priv_size, GFP_KERNEL_ACCOUNT);
	if (!vdev)
		return ERR_PTR(-ENOMEM);

	mutex_init(&vdev->lock);
	INIT_LIST_HEAD(&vdev->timers);
	vdev->family = family;
	vdev->model = model;
	vdev->front = front;
	vdev->front_data = front_data;
	vdev->irqs.mode = VDEV_IRQ_NONE;

	mutex_lock(&vdev->lock);
	ret = family->ops->init ? family->ops->init(vdev) : 0;
	if (!ret)
		power_on(vdev);
	mutex_unlock(&vdev->lock);
	if (ret) {
		mutex_destroy(&vdev->lock);
		kfree(vdev);
		return ERR_PTR(ret);
	}
	return vdev;
}
EXPORT_SYMBOL_GPL(vdev_create);

/**
 * vdev_destroy() - the end of a device that is not open
 * @vdev: the device; the front has stopped its alarm for good
 */
void vdev_destroy(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	if (vdev->family->ops->release)
		vdev->family->ops->release(vdev);
	mutex_unlock(&vdev->lock);
	mutex_destroy(&vdev->lock);
	kfree(vdev);
}
EXPORT_SYMBOL_GPL(vdev_destroy);

/**
 * vdev_open() - somebody starts to use a device
 * @vdev: the device, not open
 *
 * It is as after power-on, and its parameters are fixed until vdev_close().
 */
void vdev_open(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	vdev->opened = true;
	power_on(vdev);
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_open);

/**
 * vdev_close() - the last user is gone
 * @vdev: the device, open
 *
 * Interrupts are bound to nothing and the device is as after power-on: nothing
 * of one user reaches the next.
 */
void vdev_close(struct vdev *vdev)
{
	vdev->front->unmask_bind(vdev, -1);
	mutex_lock(&vdev->lock);
	vdev_irqs_release(vdev);
	/* first, so that the model's reset sets no timer */
	vdev->opened = false;
	power_on(vdev);
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_close);

/**
 * vdev_reset() - VFIO_DEVICE_RESET
 * @vdev: the device
 *
 * The device is as after power-on. What interrupts are bound to, and whether
 * INTx is masked, belongs to the user and stays, as with vfio-pci; only if
 * COMMAND.INTX_DISABLE was set is INTx unmasked, as by clearing that bit.
 */
void vdev_reset(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	power_on(vdev);
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_reset);

static bool param_allowed(struct vdev *vdev, unsigned int param,
			  unsigned int value)
{
	const struct vdev_ops *ops = vdev->family->ops;

	return !ops->check_param || !ops->check_param(vdev, param, value);
}

/**
 * vdev_param_allowed() - can this device be given a parameter value
 * @vdev: the device
 * @param: index into &vdev_family.params
 * @value: index into &vdev_param.values
 *
 * Context: process context; takes the device lock.
 *
 * Return: whether vdev_set_param() would accept it while the device is not
 * open.
 */
bool vdev_param_allowed(struct vdev *vdev, unsigned int param,
			unsigned int value)
{
	bool allowed;

	mutex_lock(&vdev->lock);
	allowed = param_allowed(vdev, param, value);
	mutex_unlock(&vdev->lock);
	return allowed;
}
EXPORT_SYMBOL_GPL(vdev_param_allowed);

/**
 * vdev_param_word() - the value of a parameter, in words
 * @vdev: the device
 * @param: index into &vdev_family.params
 *
 * Return: one of &vdev_param.values.
 */
const char *vdev_param_word(struct vdev *vdev, unsigned int param)
{
	unsigned int value;

	mutex_lock(&vdev->lock);
	value = vdev->params[param];
	mutex_unlock(&vdev->lock);
	return vdev->family->params[param].values[value];
}
EXPORT_SYMBOL_GPL(vdev_param_word);

/**
 * vdev_set_param() - choose a parameter value
 * @vdev: the device
 * @param: index into &vdev_family.params
 * @word: one of &vdev_param.values, a trailing newline is ignored
 *
 * Return: 0; -EINVAL for a word that is not one of them or that this model
 * cannot do; -EBUSY while the device is open.
 */
int vdev_set_param(struct vdev *vdev, unsigned int param, const char *word)
{
	const char * const *values = vdev->family->params[param].values;
	int value = __sysfs_match_string(values, -1, word);
	int ret = 0;

	if (value < 0)
		return -EINVAL;

	mutex_lock(&vdev->lock);
	if (vdev->opened) {
		ret = -EBUSY;
	} else if (!param_allowed(vdev, param, value)) {
		ret = -EINVAL;
	} else {
		vdev->params[param] = value;
		power_on(vdev);
	}
	mutex_unlock(&vdev->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(vdev_set_param);
