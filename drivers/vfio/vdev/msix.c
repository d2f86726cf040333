// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The MSI-X table and pending bits in a memory BAR (PCI 6.8.2).
 *
 * The table can be written and read back, and decides nothing: which vectors
 * are delivered, and where to, userspace says by VFIO_DEVICE_SET_IRQS, as with
 * vfio-pci. A VMM emulates the table and never lets the guest's writes
 * through. The pending bits are live: a message raised and not sent yet.
 */
#include <linux/bitmap.h>
#include <linux/string.h>

#include "vdev_private.h"

#define ENTRY_WORDS		(PCI_MSIX_ENTRY_SIZE / 4)

static u64 table_size(const struct vdev_msix *msix)
{
	return (u64)msix->vectors * PCI_MSIX_ENTRY_SIZE;
}

static u64 pba_size(const struct vdev_msix *msix)
{
	return DIV_ROUND_UP(msix->vectors, 64) * 8;
}

static bool inside(u64 offset, u64 start, u64 size)
{
	return offset >= start && offset - start < size;
}

/* Are the aligned 8 bytes around @offset the table or the pending bits? */
bool vdev_msix_owns(const struct vdev *vdev, unsigned int bar, u64 offset)
{
	const struct vdev_msix *msix = &vdev->model->msix;

	return msix->vectors && bar == msix->bar &&
	       (inside(offset, msix->table, table_size(msix)) ||
		inside(offset, msix->pba, pba_size(msix)));
}

static u64 pending_qword(const struct vdev *vdev, u64 offset)
{
	unsigned int vectors = vdev->model->msix.vectors;
	unsigned int first = offset / 8 * 64;
	unsigned int last = min(first + 64, vectors);
	const struct vdev_irqs *irqs = &vdev->irqs;
	unsigned int vector;
	u64 bits = 0;

	if (irqs->pending_mode != VDEV_IRQ_MSIX)
		return 0;
	for (vector = first; vector < last; vector++)
		if (test_bit(vector, irqs->pending))
			bits |= BIT_ULL(vector - first);
	if (!first && irqs->owed)
		bits |= 1;
	return bits;
}

static u64 table_qword(const struct vdev *vdev, u64 offset)
{
	const u32 *word = &vdev->irqs.table[offset / 8 * 2];

	return word[0] | (u64)word[1] << 32;
}

u64 vdev_msix_read(const struct vdev *vdev, u64 offset, unsigned int width)
{
	const struct vdev_msix *msix = &vdev->model->msix;
	u64 qword;

	if (inside(offset, msix->table, table_size(msix)))
		qword = table_qword(vdev, offset - msix->table);
	else
		qword = pending_qword(vdev, offset - msix->pba);
	return qword >> (8 * (offset & 7)) & vdev_ones(width);
}

/* Bits of the words of an entry that software sets: PCI 6.8.2.6 to .9 */
u32 vdev_msix_writable(unsigned int word)
{
	switch (word % ENTRY_WORDS) {
	case PCI_MSIX_ENTRY_LOWER_ADDR / 4:
		return ~3U;
	case PCI_MSIX_ENTRY_VECTOR_CTRL / 4:
		return PCI_MSIX_ENTRY_CTRL_MASKBIT;
	default:
		return ~0U;
	}
}

void vdev_msix_write(struct vdev *vdev, u64 offset, unsigned int width,
		     u64 value)
{
	const struct vdev_msix *msix = &vdev->model->msix;
	unsigned int shift = 8 * (offset & 7);
	u64 mask = vdev_ones(width) << shift;
	unsigned int word;
	u64 qword;

	if (!inside(offset, msix->table, table_size(msix)))
		return;
	offset -= msix->table;
	word = offset / 8 * 2;
	qword = (table_qword(vdev, offset) & ~mask) | (value << shift & mask);
	vdev->irqs.table[word] = qword & vdev_msix_writable(word);
	vdev->irqs.table[word + 1] = qword >> 32 & vdev_msix_writable(word + 1);
}

/* PCI 6.8.2.9: every vector is masked after reset */
void vdev_msix_reset(struct vdev *vdev)
{
	unsigned int vectors = vdev->model->msix.vectors;
	unsigned int i;

	memset(vdev->irqs.table, 0, vectors * PCI_MSIX_ENTRY_SIZE);
	for (i = 0; i < vectors; i++)
		vdev->irqs.table[i * ENTRY_WORDS +
				 PCI_MSIX_ENTRY_VECTOR_CTRL / 4] =
			PCI_MSIX_ENTRY_CTRL_MASKBIT;
}
