// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Life of a device: creation, parameters, opening, reset, destruction.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vdev_private.h"

static void power_on(struct vdev *vdev)
{
	bool memory = vdev_has_memory(vdev->model);

	lockdep_assert_held(&vdev->lock);
	vdev_timers_clear(vdev);
	vdev_irqs_reset(vdev);
	/* the reset clears the bit, and must not leave INTx masked behind it */
	if (vdev_command(vdev) & PCI_COMMAND_INTX_DISABLE)
		vdev_intx_disable_cleared(vdev);
	vdev_config_reset(vdev);
	if (memory) {
		vdev->front->mem_decode(vdev, false);
		vdev->front->mem_clear(vdev);
	}
	vdev->family->ops->reset(vdev);
}

/*
 * Power off: when this returns, with both locks held, no job of before can
 * reach the user's memory any more.
 */
static void power_off(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	vdev_jobs_drop(vdev);
	vdev->resets++;
	mutex_unlock(&vdev->lock);

	mutex_lock(&vdev->job_gate);
	mutex_lock(&vdev->lock);
	vdev->resets--;
}

static void power_on_again(struct vdev *vdev)
{
	power_on(vdev);
	mutex_unlock(&vdev->lock);
	mutex_unlock(&vdev->job_gate);
}

static void free_vdev(struct vdev *vdev)
{
	vdev_description_free(vdev->description);
	vdev_irqs_free(vdev);
	kfree(vdev->config);
	mutex_destroy(&vdev->job_gate);
	mutex_destroy(&vdev->lock);
	kvfree(vdev);
}

static struct vdev *alloc_vdev(const struct vdev_family *family,
			       const struct vdev_model *model)
{
	struct vdev *vdev;

	vdev = kvcalloc(1, sizeof(*vdev) + family->priv_size,
			GFP_KERNEL_ACCOUNT);
	if (!vdev)
		return NULL;
	mutex_init(&vdev->lock);
	mutex_init(&vdev->job_gate);
	INIT_LIST_HEAD(&vdev->timers);
	INIT_LIST_HEAD(&vdev->known_jobs);
	INIT_LIST_HEAD(&vdev->jobs);
	vdev->family = family;
	vdev->ops = family->ops;
	vdev->model = model;
	vdev->config_size = vdev_config_size(model);
	vdev->config = kcalloc(3, vdev->config_size, GFP_KERNEL_ACCOUNT);
	if (!vdev->config || vdev_irqs_init(vdev)) {
		free_vdev(vdev);
		return NULL;
	}
	vdev->config_write = vdev->config + vdev->config_size;
	vdev->config_w1c = vdev->config_write + vdev->config_size;
	vdev_regions_init(vdev);
	return vdev;
}

/* Does the front offer what a model cannot do without? */
static bool front_serves(const struct vdev_front_ops *front,
			 const struct vdev_model *model)
{
	return !vdev_has_memory(model) ||
	       (front->mem_copy && front->mem_decode && front->mem_clear);
}

static int init(struct vdev *vdev)
{
	const struct vdev_ops *ops = vdev->ops;
	int ret;

	ret = ops->init ? ops->init(vdev) : 0;
	if (ret)
		return ret;
	power_on(vdev);
	ret = vdev_describe(vdev);
	if (ret && ops->release)
		ops->release(vdev);
	return ret;
}

/**
 * vdev_create() - bring a device into being, powered on and not open
 * @family: the model's family, which vdev_check_family() found well; outlives
 *	the device
 * @model: one of its models
 * @front: the front's services; outlives the device
 * @front_data: &vdev.front_data, set before any service is asked for
 *
 * Context: process context; takes the device lock.
 *
 * Return: the device, or ERR_PTR: -ENOMEM; -EOPNOTSUPP if @front lacks a
 * service that @model needs; -EINVAL if the model is to migrate and has more
 * timers or jobs than that allows; or what &vdev_ops.init returned.
 */
struct vdev *vdev_create(const struct vdev_family *family,
			 const struct vdev_model *model,
			 const struct vdev_front_ops *front, void *front_data)
{
	struct vdev *vdev;
	int ret;

	if (!front_serves(front, model))
		return ERR_PTR(-EOPNOTSUPP);
	vdev = alloc_vdev(family, model);
	if (!vdev)
		return ERR_PTR(-ENOMEM);
	vdev->front = front;
	vdev->front_data = front_data;

	mutex_lock(&vdev->lock);
	ret = init(vdev);
	mutex_unlock(&vdev->lock);
	if (ret) {
		free_vdev(vdev);
		return ERR_PTR(ret);
	}
	return vdev;
}
EXPORT_SYMBOL_GPL(vdev_create);

/**
 * vdev_destroy() - the end of a device that is not open
 * @vdev: the device; the front has stopped its alarm for good
 *
 * Context: process context; takes the device lock.
 */
void vdev_destroy(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	if (vdev->family->ops->release)
		vdev->family->ops->release(vdev);
	mutex_unlock(&vdev->lock);
	free_vdev(vdev);
}
EXPORT_SYMBOL_GPL(vdev_destroy);

/**
 * vdev_open() - somebody starts to use a device
 * @vdev: the device, not open
 *
 * It is as after power-on, and its parameters are fixed until vdev_close().
 *
 * Context: process context; takes the device lock.
 */
void vdev_open(struct vdev *vdev)
{
	power_off(vdev);
	vdev->opened = true;
	power_on_again(vdev);
}
EXPORT_SYMBOL_GPL(vdev_open);

/**
 * vdev_close() - the last user is gone
 * @vdev: the device, open
 *
 * Interrupts are bound to nothing and the device is as after power-on: nothing
 * of one user reaches the next.
 *
 * Context: process context; takes the device lock, and waits for the job that
 * runs. The front calls vdev_set_irqs() neither now nor until vdev_open().
 */
void vdev_close(struct vdev *vdev)
{
	vdev->front->unmask_bind(vdev, -1);
	mutex_lock(&vdev->lock);
	vdev_irqs_release(vdev);
	mutex_unlock(&vdev->lock);
	power_off(vdev);
	vdev->opened = false;
	vdev->quiesced = false;
	vdev->stopped = false;
	power_on_again(vdev);
}
EXPORT_SYMBOL_GPL(vdev_close);

/**
 * vdev_reset() - VFIO_DEVICE_RESET
 * @vdev: the device
 *
 * The device is as after power-on. What interrupts are bound to, and whether
 * INTx is masked, belongs to the user and stays, as with vfio-pci; only if
 * COMMAND.INTX_DISABLE was set is INTx unmasked, as by clearing that bit.
 *
 * Context: process context; takes the device lock, and waits for the job that
 * runs.
 */
void vdev_reset(struct vdev *vdev)
{
	power_off(vdev);
	power_on_again(vdev);
	if (vdev->front->was_reset)
		vdev->front->was_reset(vdev);
}
EXPORT_SYMBOL_GPL(vdev_reset);

/**
 * vdev_quiesce() - from now on the device does not reach for memory
 * @vdev: the device
 *
 * Its jobs wait; what runs is waited for. All else goes on: accesses, timers,
 * interrupts. Nothing, if it is quiescent already.
 *
 * A reset leaves the device quiescent; only vdev_unquiesce() and vdev_close()
 * end that.
 *
 * Context: process context; takes the device lock, and waits for the job that
 * runs.
 */
void vdev_quiesce(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	vdev->quiesced = true;
	mutex_unlock(&vdev->lock);
	vdev_jobs_wait(vdev);
}
EXPORT_SYMBOL_GPL(vdev_quiesce);

/**
 * vdev_unquiesce() - a device that was quiescent may reach for memory again
 * @vdev: the device
 *
 * Nothing, if it is not quiescent.
 *
 * Context: process context; takes the device lock.
 */
void vdev_unquiesce(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	if (vdev->quiesced) {
		vdev->quiesced = false;
		vdev_jobs_kick(vdev);
	}
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_unquiesce);

/**
 * vdev_stop() - from now on the device does nothing by itself
 * @vdev: the device
 *
 * No time passes for its timers, its jobs wait, and the guest is not
 * interrupted; the job that runs is waited for. Accesses are answered as ever,
 * and may set timers, queue jobs and raise interrupts: these too start, and are
 * delivered, when vdev_run() lets them. Nothing, if it is stopped already.
 *
 * A reset leaves the device stopped; only vdev_run() and vdev_close() end
 * that.
 *
 * Context: process context; takes the device lock, and waits for the job that
 * runs.
 */
void vdev_stop(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	if (!vdev->stopped) {
		vdev->stopped = true;
		vdev_timers_park(vdev);
	}
	mutex_unlock(&vdev->lock);
	vdev_jobs_wait(vdev);
}
EXPORT_SYMBOL_GPL(vdev_stop);

/**
 * vdev_run() - a device that was stopped goes on
 * @vdev: the device
 *
 * Each timer has as long to go as it had when the device was stopped, or as it
 * was given since. An interrupt condition that holds is signalled, whether or
 * not it was before, as if the user had unmasked INTx; but what the user masked
 * stays so. Jobs go on unless the device is quiescent too, see vdev_quiesce().
 * Nothing, if the device is not stopped.
 *
 * Context: process context; takes the device lock.
 */
void vdev_run(struct vdev *vdev)
{
	mutex_lock(&vdev->lock);
	if (vdev->stopped) {
		vdev->stopped = false;
		vdev_timers_unpark(vdev);
		vdev_irqs_run(vdev);
		vdev_jobs_kick(vdev);
	}
	mutex_unlock(&vdev->lock);
}
EXPORT_SYMBOL_GPL(vdev_run);

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
 * Context: process context; takes the device lock.
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
 * Context: process context; takes the device lock.
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
		vdev_describe_params(vdev);
		power_on(vdev);
	}
	mutex_unlock(&vdev->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(vdev_set_param);
