// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mediated device front: a family of models becomes a parent device whose
 * mdev types are the models.
 */
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "../compat.h"
#include "vdev_front.h"

/**
 * struct param_attrs - the sysfs files of one parameter
 * @value: reads and sets it
 * @available: "NAME_available", the words this device can be set to
 * @available_name: the name of that file
 */
struct param_attrs {
	struct device_attribute value;
	struct device_attribute available;
	char *available_name;
};

/**
 * struct mdev_family - a family of models with its parent device
 * @entry: in mdev_families
 * @family: the models
 * @class: named after the family, as is its only device
 * @dev: the parent device
 * @parent: what the mdev core knows of it
 * @driver: binds to every mdev of the family
 * @types: one for each model, in the order of the models
 * @type_list: pointers to @types, as the mdev core wants them
 * @lock: protects @units_free
 * @units_free: what is left of the family's capacity
 * @params: sysfs files of the parameters
 * @param_attrs: pointers into @params, NULL terminated
 * @param_group: @param_attrs as directory "params" of an mdev
 * @groups: @param_group, NULL terminated
 */
struct mdev_family {
	struct list_head entry;
	const struct vdev_family *family;
	struct class class;
	struct device *dev;
	struct mdev_parent parent;
	struct mdev_driver driver;
	struct mdev_type *types;
	struct mdev_type **type_list;
	struct mutex lock;	/* protects units_free */
	unsigned int units_free;
	struct param_attrs params[VDEV_MAX_PARAMS];
	struct attribute *param_attrs[2 * VDEV_MAX_PARAMS + 1];
	struct attribute_group param_group;
	const struct attribute_group *groups[2];
};

static LIST_HEAD(mdev_families);
static DEFINE_MUTEX(mdev_families_lock);	/* protects mdev_families */

static struct mdev_family *type_family(struct mdev_type *type)
{
	return container_of(type->parent, struct mdev_family, parent);
}

static const struct vdev_model *type_model(struct mdev_type *type)
{
	struct mdev_family *mf = type_family(type);

	return &mf->family->models[type - mf->types];
}

/* Capacity */

static bool take_units(struct mdev_family *mf, unsigned int units)
{
	bool enough;

	mutex_lock(&mf->lock);
	enough = mf->units_free >= units;
	if (enough)
		mf->units_free -= units;
	mutex_unlock(&mf->lock);
	return enough;
}

static void give_units(struct mdev_family *mf, unsigned int units)
{
	mutex_lock(&mf->lock);
	mf->units_free += units;
	mutex_unlock(&mf->lock);
}

static unsigned int vdev_mdev_get_available(struct mdev_type *type)
{
	struct mdev_family *mf = type_family(type);
	unsigned int available;

	mutex_lock(&mf->lock);
	available = mf->units_free / type_model(type)->units;
	mutex_unlock(&mf->lock);
	return available;
}

static ssize_t vdev_mdev_show_description(struct mdev_type *type, char *buf)
{
	return sysfs_emit(buf, "%s\n", type_model(type)->description);
}

/* Creation and removal */

static int vdev_mdev_probe(struct mdev_device *mdev)
{
	struct mdev_family *mf = type_family(mdev->type);
	const struct vdev_model *model = type_model(mdev->type);
	struct vdev_vfio *front;
	int ret;

	if (!take_units(mf, model->units))
		return -ENOSPC;

	front = vdev_vfio_create(&mdev->dev, mf->family, model);
	if (IS_ERR(front)) {
		ret = PTR_ERR(front);
		goto err_units;
	}
	dev_set_drvdata(&mdev->dev, front);
	ret = vfio_register_emulated_iommu_dev(&front->vfio);
	if (ret)
		goto err_destroy;
	ret = vdev_migrate_expose(front);
	if (ret)
		goto err_unregister;
	return 0;

err_unregister:
	vfio_unregister_group_dev(&front->vfio);
err_destroy:
	vdev_vfio_destroy(front);
err_units:
	give_units(mf, model->units);
	return ret;
}

/* Waits until the device is closed. */
static void vdev_mdev_remove(struct mdev_device *mdev)
{
	struct vdev_vfio *front = dev_get_drvdata(&mdev->dev);

	vdev_migrate_hide(front);
	vfio_unregister_group_dev(&front->vfio);
	vdev_vfio_destroy(front);
	give_units(type_family(mdev->type), type_model(mdev->type)->units);
}

/* Parameters */

static struct vdev *attr_vdev(struct device *dev)
{
	struct vdev_vfio *front = dev_get_drvdata(dev);

	return front->vdev;
}

static unsigned int attr_param(struct device *dev, const struct param_attrs *pa)
{
	struct mdev_family *mf = type_family(to_mdev_device(dev)->type);

	return pa - mf->params;
}

static ssize_t param_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct vdev *vdev = attr_vdev(dev);
	unsigned int param = attr_param(dev, container_of(attr,
					struct param_attrs, value));

	return sysfs_emit(buf, "%s\n", vdev_param_word(vdev, param));
}

static ssize_t param_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	unsigned int param = attr_param(dev, container_of(attr,
					struct param_attrs, value));

	return vdev_set_param(attr_vdev(dev), param, buf) ?: count;
}

static ssize_t param_available_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct vdev *vdev = attr_vdev(dev);
	unsigned int param = attr_param(dev, container_of(attr,
					struct param_attrs, available));
	const char * const *values = vdev->family->params[param].values;
	unsigned int i;
	int len = 0;

	for (i = 0; values[i]; i++)
		if (vdev_param_allowed(vdev, param, i))
			len += sysfs_emit_at(buf, len, "%s%s", len ? " " : "",
					     values[i]);
	return len + sysfs_emit_at(buf, len, "\n");
}

static int init_params(struct mdev_family *mf)
{
	const struct vdev_param *param = mf->family->params;
	struct attribute **attr = mf->param_attrs;
	struct param_attrs *pa;

	for (pa = mf->params; param && param->name; param++, pa++) {
		pa->available_name = kasprintf(GFP_KERNEL, "%s_available",
					       param->name);
		if (!pa->available_name)
			return -ENOMEM;
		pa->value = (struct device_attribute)
			__ATTR(, 0644, param_show, param_store);
		pa->value.attr.name = param->name;
		pa->available = (struct device_attribute)
			__ATTR(, 0444, param_available_show, NULL);
		pa->available.attr.name = pa->available_name;
		sysfs_attr_init(&pa->value.attr);
		sysfs_attr_init(&pa->available.attr);
		*attr++ = &pa->value.attr;
		*attr++ = &pa->available.attr;
	}
	mf->param_group.name = "params";
	mf->param_group.attrs = mf->param_attrs;
	if (attr != mf->param_attrs)
		mf->groups[0] = &mf->param_group;
	return 0;
}

/* Families */

static void free_family(struct mdev_family *mf)
{
	unsigned int i;

	for (i = 0; i < VDEV_MAX_PARAMS; i++)
		kfree(mf->params[i].available_name);
	kfree(mf->type_list);
	kfree(mf->types);
	mutex_destroy(&mf->lock);
	kfree(mf);
}

static int init_types(struct mdev_family *mf)
{
	unsigned int nr = mf->family->nr_models;
	unsigned int i;

	mf->types = kcalloc(nr, sizeof(*mf->types), GFP_KERNEL);
	mf->type_list = kcalloc(nr, sizeof(*mf->type_list), GFP_KERNEL);
	if (!mf->types || !mf->type_list)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		mf->types[i].sysfs_name = mf->family->models[i].name;
		mf->types[i].pretty_name = mf->family->models[i].pretty_name;
		mf->type_list[i] = &mf->types[i];
	}
	return 0;
}

static struct mdev_family *alloc_family(const struct vdev_family *family)
{
	struct mdev_family *mf;
	int ret;

	mf = kzalloc_obj(*mf, GFP_KERNEL);
	if (!mf)
		return ERR_PTR(-ENOMEM);
	mutex_init(&mf->lock);
	mf->family = family;
	mf->units_free = family->capacity;
	mf->class.name = family->name;
	mf->driver = (struct mdev_driver) {
		.device_api = VFIO_DEVICE_API_PCI_STRING,
		.probe = vdev_mdev_probe,
		.remove = vdev_mdev_remove,
		.get_available = vdev_mdev_get_available,
		.show_description = vdev_mdev_show_description,
		.driver = {
			.name = family->name,
			.owner = family->owner,
			.dev_groups = mf->groups,
		},
	};
	ret = init_types(mf);
	if (!ret)
		ret = init_params(mf);
	if (ret) {
		free_family(mf);
		return ERR_PTR(ret);
	}
	return mf;
}

static int show_family(struct mdev_family *mf)
{
	int ret;

	ret = mdev_register_driver(&mf->driver);
	if (ret)
		return ret;
	ret = class_register(&mf->class);
	if (ret)
		goto err_driver;
	mf->dev = device_create(&mf->class, NULL, MKDEV(0, 0), NULL, "%s",
				mf->family->name);
	if (IS_ERR(mf->dev)) {
		ret = PTR_ERR(mf->dev);
		goto err_class;
	}
	ret = mdev_register_parent(&mf->parent, mf->dev, &mf->driver,
				   mf->type_list, mf->family->nr_models);
	if (ret)
		goto err_device;
	return 0;

err_device:
	device_unregister(mf->dev);
err_class:
	class_unregister(&mf->class);
err_driver:
	mdev_unregister_driver(&mf->driver);
	return ret;
}

/**
 * vdev_register() - show a family of models to the world
 * @family: the family; stays until vdev_unregister()
 *
 * Context: process context, from the module's init function.
 *
 * Return: 0; -EINVAL if a model declares what no PCI device can be; -ENOMEM;
 * -EBUSY or -EEXIST if a driver or class of that name exists already.
 */
int vdev_register(const struct vdev_family *family)
{
	struct mdev_family *mf;
	int ret;

	ret = vdev_check_family(family);
	if (ret)
		return ret;
	mf = alloc_family(family);
	if (IS_ERR(mf))
		return PTR_ERR(mf);
	ret = show_family(mf);
	if (ret) {
		free_family(mf);
		return ret;
	}
	mutex_lock(&mdev_families_lock);
	list_add(&mf->entry, &mdev_families);
	mutex_unlock(&mdev_families_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(vdev_register);

static struct mdev_family *unlist_family(const struct vdev_family *family)
{
	struct mdev_family *mf;

	mutex_lock(&mdev_families_lock);
	list_for_each_entry(mf, &mdev_families, entry) {
		if (mf->family == family) {
			list_del(&mf->entry);
			goto out;
		}
	}
	mf = NULL;
out:
	mutex_unlock(&mdev_families_lock);
	return mf;
}

/**
 * vdev_unregister() - take back vdev_register()
 * @family: a family that vdev_register() accepted
 *
 * Removes all its devices. None can be in use, since using a device holds the
 * family's module; but a character device that was opened and not bound to an
 * iommufd does not, and is waited for.
 *
 * Context: process context, from the module's exit function.
 */
void vdev_unregister(const struct vdev_family *family)
{
	struct mdev_family *mf = unlist_family(family);

	if (!mf)
		return;
	mdev_unregister_parent(&mf->parent);
	device_unregister(mf->dev);
	class_unregister(&mf->class);
	mdev_unregister_driver(&mf->driver);
	free_family(mf);
}
EXPORT_SYMBOL_GPL(vdev_unregister);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Virtual PCI device core");
MODULE_AUTHOR("vfiokit developers");
