/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The memory that a client lets its device access.
 */
#ifndef VDEV_DMA_TABLE_H
#define VDEV_DMA_TABLE_H

#include <linux/types.h>

/**
 * struct dma_map - a piece of the client's memory
 * @address: where the device finds it
 * @size: bytes
 * @flags: %VFIO_USER_DMA_READABLE, %VFIO_USER_DMA_WRITEABLE
 * @memory: it is mapped here, or NULL
 * @mapping: the mapping that @memory is in
 * @mapping_size: of that, in bytes
 * @fd: it is in this file, or -1. Without either the client is asked for it.
 * @offset: where it starts in the file
 */
struct dma_map {
	u64 address;
	u64 size;
	u32 flags;
	u8 *memory;
	void *mapping;
	u64 mapping_size;
	int fd;
	u64 offset;
};

/**
 * struct dma_table - all of it
 * @maps: in the order of addresses; they do not overlap
 * @nr: how many
 * @room: how many @maps has room for
 */
struct dma_table {
	struct dma_map **maps;
	size_t nr;
	size_t room;
};

/* The piece that @address lies in, or NULL. */
struct dma_map *dma_table_find(const struct dma_table *table, u64 address);

void dma_table_clear(struct dma_table *table);

#endif /* VDEV_DMA_TABLE_H */
