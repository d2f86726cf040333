// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Is what a model declares something a PCI device can be?
 *
 * Asked once, when a family is registered, so that no other file has to.
 */
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "vdev_private.h"

/* PCI 6.2.5.1: at most 256 bytes of I/O space to a BAR */
#define IO_BAR_MAX		256
#define MSI_VECTORS_MAX		32
#define MSIX_VECTORS_MAX	2048
#define VENDOR_CAP_MAX		32
#define VENDOR_EXT_CAP_MAX	256
#define ROM_MAX			(16 << 20)

static bool areas_valid(const struct vdev_bar *bar)
{
	const struct vdev_area *area = bar->memory;
	u64 end = 0;

	for (; area && area->size; area++) {
		if (area->offset < end || area->size > bar->size ||
		    area->offset > bar->size - area->size ||
		    (area->offset | area->size) % VDEV_MEM_ALIGN)
			return false;
		end = area->offset + area->size;
	}
	return !bar->memory || area - bar->memory <= VDEV_MAX_AREAS;
}

static bool bar_valid(const struct vdev_model *model, unsigned int index)
{
	const struct vdev_bar *bar = &model->bars[index];

	if (bar->type == VDEV_BAR_NONE)
		return !bar->size && !bar->memory;
	if (!is_power_of_2(bar->size) || !is_power_of_2(bar->max_width) ||
	    bar->max_width > 8)
		return false;
	if (bar->type == VDEV_BAR_IO)
		return bar->size >= 4 && bar->size <= IO_BAR_MAX &&
		       !bar->prefetchable && !bar->memory;
	if (bar->type == VDEV_BAR_MEM64 &&
	    (index == PCI_STD_NUM_BARS - 1 ||
	     model->bars[index + 1].type != VDEV_BAR_NONE))
		return false;
	return bar->size >= 16 && bar->size <= VDEV_MAX_BAR &&
	       areas_valid(bar);
}

static bool overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool msix_valid(const struct vdev_model *model)
{
	const struct vdev_msix *msix = &model->msix;
	u64 table_size = (u64)msix->vectors * PCI_MSIX_ENTRY_SIZE;
	u64 pba_size = DIV_ROUND_UP(msix->vectors, 64) * 8;
	const struct vdev_area *area;
	const struct vdev_bar *bar;

	if (!msix->vectors)
		return true;
	if (msix->vectors > MSIX_VECTORS_MAX || msix->bar >= PCI_STD_NUM_BARS ||
	    (msix->table | msix->pba) & 7)
		return false;
	bar = &model->bars[msix->bar];
	if (bar->type != VDEV_BAR_MEM && bar->type != VDEV_BAR_MEM64)
		return false;
	if (msix->table + table_size > bar->size ||
	    msix->pba + pba_size > bar->size ||
	    overlap(msix->table, table_size, msix->pba, pba_size))
		return false;
	for (area = bar->memory; area && area->size; area++)
		if (overlap(msix->table, table_size, area->offset,
			    area->size) ||
		    overlap(msix->pba, pba_size, area->offset, area->size))
			return false;
	return true;
}

static bool msi_valid(const struct vdev_model *model)
{
	return !model->msi_vectors ||
	       (is_power_of_2(model->msi_vectors) &&
		model->msi_vectors <= MSI_VECTORS_MAX);
}

static bool blob_valid(const struct vdev_blob *blob, u32 max)
{
	return blob->size <= max && (blob->data || !blob->size);
}

/* Are all instances of a part of the state in the private data? */
static bool state_inside(const struct vdev_family *family,
			 const struct vdev_state *state)
{
	const struct vmig_section *section = state->section;
	u64 last = (u64)(section->instances - 1) * state->stride;

	return section->instances &&
	       (section->instances == 1 || state->stride >= section->size) &&
	       state->offset + last + section->size <= family->priv_size;
}

static bool state_valid(const struct vdev_family *family,
			const struct vdev_model *model)
{
	const struct vdev_state *state, *other;

	for (state = model->state; state && state->section; state++) {
		struct vmig_desc desc = {
			.model = model->name,
			.version = "v1",
			.sections = &state->section,
			.nr_sections = 1,
		};

		if (vmig_check_desc(&desc) || !state_inside(family, state) ||
		    state->section->id >= VDEV_STATE_CORE)
			return false;
		for (other = model->state; other != state; other++)
			if (other->section->id == state->section->id)
				return false;
	}
	return true;
}

static const char *model_fault(const struct vdev_family *family,
			       const struct vdev_model *model)
{
	unsigned int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		if (!bar_valid(model, i))
			return "a BAR no PCI device can have";
	if (!model->units || model->units > family->capacity)
		return "units beyond the family's capacity";
	if (!msi_valid(model))
		return "a number of MSI vectors no PCI device can have";
	if (!msix_valid(model))
		return "an MSI-X table or pending bits that cannot be there";
	if (!model->pcie && (model->serial || model->vendor_ext_cap.size))
		return "extended capabilities without being PCI Express";
	if (!blob_valid(&model->vendor_cap, VENDOR_CAP_MAX) ||
	    !blob_valid(&model->vendor_ext_cap, VENDOR_EXT_CAP_MAX) ||
	    !blob_valid(&model->rom, ROM_MAX))
		return "a vendor capability or ROM that is too large or empty";
	if (!state_valid(family, model))
		return "a state that cannot migrate, or not of its private data";
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
