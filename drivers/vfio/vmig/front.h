/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files share that show a device behind a VFIO device file.
 */
#ifndef _VMIG_FRONT_H
#define _VMIG_FRONT_H

#include <linux/vmig_vfio.h>
#include <linux/wait.h>

#include "engine.h"

/* Longer names of devices are cut in traces. */
#define VMIG_NAME_SIZE	48

/**
 * struct vmig_vfio_file - what a session has of its file
 * @file: the file, until somebody else has it
 * @wait: who polls it
 * @name: of the device, which may be gone
 */
struct vmig_vfio_file {
	struct file *file;
	wait_queue_head_t wait;
	char name[VMIG_NAME_SIZE];
};

static inline struct vmig_vfio_file *session_file(struct vmig_session *session)
{
	return (struct vmig_vfio_file *)session->extra;
}

/* The driver gave @vfio the operations that lie in its struct vmig_vfio. */
static inline struct vmig_vfio *vfio_to_vmig(struct vfio_device *vfio)
{
	return container_of(vfio->mig_ops, struct vmig_vfio, mig_ops);
}

/* file.c */
int vmig_vfio_attach(struct vmig *vmig, struct vmig_session *session);
void vmig_vfio_detach(struct vmig *vmig, struct vmig_session *session);
void vmig_vfio_ended(struct vmig *vmig, struct vmig_session *session);
void vmig_vfio_news(struct vmig *vmig);

/* log.c */
void vmig_vfio_log_init(struct vmig_vfio *mig, bool offered);
void vmig_vfio_log_destroy(struct vmig_vfio *mig);
void vmig_vfio_log_end(struct vmig_vfio *mig);

#endif /* _VMIG_FRONT_H */
