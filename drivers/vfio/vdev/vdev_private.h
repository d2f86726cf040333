/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What the portable files of the device core share with each other.
 *
 * All of it wants the device lock held unless it says otherwise.
 */
#ifndef _VDEV_PRIVATE_H
#define _VDEV_PRIVATE_H

#include <asm/byteorder.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/vdev.h>

/* config.c */
unsigned int vdev_config_size(const struct vdev_model *model);
void vdev_config_reset(struct vdev *vdev);
void vdev_config_write(struct vdev *vdev, unsigned int offset,
		       unsigned int width, u32 value);
void vdev_config_set_intx_status(struct vdev *vdev, bool asserted);

/* Read @width bytes (1, 2 or 4, naturally aligned) that lie inside. */
static inline u32 vdev_config_read(const struct vdev *vdev, unsigned int offset,
				   unsigned int width)
{
	switch (width) {
	case 1:
		return vdev->config[offset];
	case 2:
		return le16_to_cpu(vdev->config16[offset / 2]);
	default:
		return le32_to_cpu(vdev->config32[offset / 4]);
	}
}

static inline u16 vdev_command(const struct vdev *vdev)
{
	return vdev_config_read(vdev, PCI_COMMAND, 2);
}

/* A function in D3hot answers configuration accesses and nothing else. */
static inline bool vdev_powered(const struct vdev *vdev)
{
	return !(vdev->config[vdev->pm_cap + PCI_PM_CTRL] &
		 PCI_PM_CTRL_STATE_MASK);
}

/* May the function write to memory, be it data or messages? */
static inline bool vdev_masters(const struct vdev *vdev)
{
	return (vdev_command(vdev) & PCI_COMMAND_MASTER) && vdev_powered(vdev);
}

/* layout.c */
void vdev_lay_out_header(struct vdev *vdev);
void vdev_lay_out_caps(struct vdev *vdev);

/* bar.c */
void vdev_regions_init(struct vdev *vdev);
bool vdev_memory_decodes(const struct vdev *vdev);
/* After a change of what decides whether BARs answer: COMMAND, power state. */
void vdev_bars_update(struct vdev *vdev);

static inline u64 vdev_ones(unsigned int width)
{
	return U64_MAX >> (64 - 8 * width);
}

/* msix.c */
bool vdev_msix_owns(const struct vdev *vdev, unsigned int bar, u64 offset);
u64 vdev_msix_read(const struct vdev *vdev, u64 offset, unsigned int width);
void vdev_msix_write(struct vdev *vdev, u64 offset, unsigned int width,
		     u64 value);
void vdev_msix_reset(struct vdev *vdev);
u32 vdev_msix_writable(unsigned int word);

/* mem.c */
bool vdev_mem_owns(const struct vdev *vdev, unsigned int bar, u64 offset);
u64 vdev_mem_load(struct vdev *vdev, unsigned int bar, u64 offset,
		  unsigned int width);
int vdev_mem_store(struct vdev *vdev, unsigned int bar, u64 offset,
		   unsigned int width, u64 value);
bool vdev_has_memory(const struct vdev_model *model);

/* job.c */
void vdev_jobs_drop(struct vdev *vdev);
void vdev_jobs_kick(struct vdev *vdev);
void vdev_jobs_wait(struct vdev *vdev);

/* irq.c */
void vdev_irq_update(struct vdev *vdev);
void vdev_irqs_run(struct vdev *vdev);
/* How many messages are told apart: of a model with both, the larger count. */
unsigned int vdev_nr_messages(const struct vdev_model *model);
bool vdev_intx_disabled(const struct vdev *vdev);
void vdev_signal_vector(struct vdev *vdev, unsigned int vector);
int vdev_irqs_enable(struct vdev *vdev, unsigned int mode, unsigned int nr);
void vdev_irqs_disable(struct vdev *vdev);
int vdev_bind_trigger(struct vdev *vdev, struct vdev_trigger **slot, s32 fd);
void vdev_intx_disable_cleared(struct vdev *vdev);
int vdev_irqs_init(struct vdev *vdev);
void vdev_irqs_free(struct vdev *vdev);
void vdev_irqs_reset(struct vdev *vdev);
void vdev_irqs_release(struct vdev *vdev);

/* timer.c */
void vdev_timers_clear(struct vdev *vdev);
void vdev_timers_park(struct vdev *vdev);
void vdev_timers_unpark(struct vdev *vdev);

/* describe.c */
int vdev_describe(struct vdev *vdev);
void vdev_describe_params(struct vdev *vdev);
void vdev_description_free(struct vdev_description *description);

/* state.c */

/* The sections that the core has of each device. */
enum {
	VDEV_CORE_CONFIG,
	VDEV_CORE_IRQS,
	VDEV_CORE_TIMERS,
	VDEV_CORE_JOBS,
	VDEV_CORE_MSIX,
	VDEV_NR_CORE,
};

#define VDEV_CORE_FIELDS	4

/**
 * struct vdev_core_section - a section of the core, as long as a device needs it
 * @section: with @fields
 * @fields: its table
 */
struct vdev_core_section {
	struct vmig_section section;
	struct vmig_field fields[VDEV_CORE_FIELDS];
};

/*
 * Make the section that has number @nr. False: the device is without it. The
 * others are there even if they are empty: what a model gets later has a place.
 */
bool vdev_core_section(const struct vdev *vdev, unsigned int nr,
		       struct vdev_core_section *core);
/* describe.c: their state in an image, or NULL */
void *vdev_core_state(const struct vdev *vdev, const struct vmig_image *image,
		      unsigned int nr);

#endif /* _VDEV_PRIVATE_H */
