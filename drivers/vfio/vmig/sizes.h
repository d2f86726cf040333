/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * How long records are.
 */
#ifndef _VMIG_SIZES_H
#define _VMIG_SIZES_H

#include <linux/types.h>
#include <linux/vmig.h>
#include <uapi/linux/vfio_mig_stream.h>

/* What a record has besides its payload. */
#define VMIG_RECORD_BYTES	(sizeof(struct vfio_mig_record) + sizeof(__le32))

/* Bytes of payload; of a section of any table, checked or not, and at most. */
u64 vmig_identity_payload(const struct vmig_desc *desc);
u64 vmig_schema_payload(const struct vmig_section *section);
u64 vmig_section_payload(const struct vmig_section *section);

/* All of &vmig_desc.parameters as one text, without a final NUL. */
u64 vmig_parameters_length(const struct vmig_desc *desc);

#endif /* _VMIG_SIZES_H */
