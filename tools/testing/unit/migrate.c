// SPDX-License-Identifier: GPL-2.0-only
/*
 * See migrate.h.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "migrate.h"
#include "unit.h"

/* Saving */

static bool is_zero(const u8 *page)
{
	unsigned int i;

	for (i = 0; i < PAGE; i++)
		if (page[i])
			return false;
	return true;
}

static void put_area(struct vmig_writer *writer, struct front *front,
		     const struct vmig_area *area)
{
	unsigned int bar;
	u64 start = vdev_state_area(front->vdev, area, &bar);
	u64 end = start + area->size;
	u64 offset = start;
	const u8 *page;

	while ((page = device_memory_next(front, bar, &offset, end))) {
		/* no page and one of zeroes are the same to the device */
		if (!is_zero(page))
			EXPECT_EQ(vmig_put_memory(writer, area->id,
						  offset - start, page, PAGE),
				  0);
		offset += PAGE;
	}
}

struct stream front_save(struct front *front)
{
	const struct vmig_desc *desc = vdev_state_desc(front->vdev);
	struct vmig_writer writer;
	struct vmig_image *image;
	struct stream stream;
	unsigned int i;

	EXPECT(desc);
	EXPECT(front->vdev->stopped);
	image = vmig_image_alloc(desc);
	EXPECT(image);
	vmig_writer_init(&writer, desc);
	EXPECT_EQ(vmig_put_setup(&writer), 0);
	for (i = 0; i < desc->nr_areas; i++)
		put_area(&writer, front, &desc->areas[i]);
	vdev_state_save(front->vdev, image);
	EXPECT_EQ(vmig_put_sections(&writer, image), 0);
	EXPECT_EQ(vmig_put_end(&writer), 0);
	vmig_image_free(image);

	stream.size = vmig_writer_pending(&writer);
	stream.data = malloc(stream.size);
	EXPECT(stream.data);
	memcpy(stream.data, writer.buf + writer.taken, stream.size);
	vmig_writer_destroy(&writer);
	return stream;
}

struct stream front_snapshot(struct front *front)
{
	bool stopped = front->vdev->stopped;
	struct stream stream;

	vdev_stop(front->vdev);
	stream = front_save(front);
	if (!stopped)
		vdev_run(front->vdev);
	return stream;
}

/* Loading */

/* Memory that is staged: as a front of its own, which has no device. */
struct staged {
	struct front *front;
	struct front memory;
};

static int stage(void *context, const struct vmig_area *area, u64 offset,
		 const void *pages, u64 length)
{
	static const u8 zeroes[PAGE];
	struct staged *staged = context;
	unsigned int bar;
	u64 start = vdev_state_area(staged->front->vdev, area, &bar);
	u64 done;

	EXPECT(offset + length <= area->size);
	for (done = 0; done < length; done += PAGE)
		device_memory_put(&staged->memory, bar, start + offset + done,
				  pages ? (const u8 *)pages + done : zeroes);
	return 0;
}

static void unstage(void *context)
{
	struct staged *staged = context;

	device_memory_free(&staged->memory);
}

static int check(struct front *front, struct vmig_reader *reader,
		 const struct stream *stream, char *reason)
{
	int ret;

	ret = vmig_reader_push(reader, stream->data, stream->size);
	if (!ret)
		ret = vmig_reader_finish(reader);
	if (ret) {
		snprintf(reason, VMIG_REASON_SIZE, "%s",
			 vmig_reader_reason(reader));
		return ret;
	}
	return vdev_state_check(front->vdev, vmig_reader_image(reader), reason,
				VMIG_REASON_SIZE);
}

int front_load(struct front *front, const struct stream *stream, char *reason)
{
	struct staged staged = { .front = front };
	const struct vmig_sink sink = { stage, unstage, &staged };
	struct vmig_reader *reader;
	int ret;

	EXPECT(front->vdev->stopped);
	device_memory_init(&staged.memory);
	reader = vmig_reader_alloc(vdev_state_desc(front->vdev), &sink);
	EXPECT(reader);
	ret = check(front, reader, stream, reason);
	if (!ret) {
		device_memory_swap(front, &staged.memory);
		vdev_state_load(front->vdev, vmig_reader_image(reader));
	}
	unstage(&staged);
	vmig_reader_free(reader);
	return ret;
}

/* Both */

struct front *front_twin(struct front *front)
{
	struct vdev *vdev = front->vdev;
	struct front *twin = front_create(vdev->family, vdev->model);
	unsigned int i;

	EXPECT(!IS_ERR(twin));
	for (i = 0; vdev->family->params && vdev->family->params[i].name; i++)
		EXPECT_EQ(vdev_set_param(twin->vdev, i,
					 vdev_param_word(vdev, i)), 0);
	twin->now = front->now;
	vdev_open(twin->vdev);
	return twin;
}

struct front *front_migrate(struct front *front)
{
	struct front *twin = front_twin(front);
	char reason[VMIG_REASON_SIZE] = "";
	struct stream stream;

	vdev_stop(front->vdev);
	stream = front_save(front);
	vdev_stop(twin->vdev);
	if (front_load(twin, &stream, reason))
		unit_fail(__FILE__, __LINE__, "refused: %s", reason);
	free(stream.data);
	twin->user = front->user;
	memcpy(twin->signals, front->signals, sizeof(twin->signals));
	front_close(front);
	vdev_run(twin->vdev);
	return twin;
}

void expect_same_stream(const struct stream *got, const struct stream *want)
{
	size_t i;

	for (i = 0; i < got->size && i < want->size; i++)
		if (got->data[i] != want->data[i])
			unit_fail(__FILE__, __LINE__,
				  "byte %zu of the stream: 0x%02x, not 0x%02x",
				  i, got->data[i], want->data[i]);
	EXPECT_EQ(got->size, want->size);
}
