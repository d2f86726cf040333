// SPDX-License-Identifier: GPL-2.0-only
/*
 * Play traces on a device and print all that it answers.
 *
 *	play MODEL DEVICE SEED [COUNT [STEPS]]
 *
 * DEVICE is a UUID of an mdev, the socket of a vfio-user server, or another of
 * the forms in lib/locate.h; "-" prints the traces without a device. Each trace
 * starts with a device that is opened, and its seed is one more than that of
 * the trace before.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "lib/config_space.h"
#include "lib/device.h"
#include "lib/event.h"
#include "lib/must.h"
#include "lib/testdev.h"
#include "trace.h"

#define HALF_MS		500	/* in microseconds */
#define YIELDS		200
#define MAX_TRACE_S	10	/* what no time in a trace is shorter than */
#define MAX_CONFIG	4096

struct player {
	const struct trace_model *model;
	struct vfio_location loc;
	bool dry;
	struct vfio_dev dev;
	int event[TRACE_EVENTS];
	__u8 *memory;
};

/* Opening and closing */

static void open_device(struct player *player)
{
	int ret = dev_open(&player->dev, &player->loc, DEV_PATH_DEFAULT);

	must(!ret, "open: %s", strerror(-ret));
	if (!player->model->memory)
		return;
	player->memory = dev_dma_alloc(&player->dev, TRACE_IOVA, TRACE_MEMORY,
				       VFIO_DMA_MAP_FLAG_READ |
				       VFIO_DMA_MAP_FLAG_WRITE);
	must(player->memory, "memory for DMA: %m");
}

static void close_device(struct player *player)
{
	dev_dma_free(&player->dev, TRACE_IOVA, TRACE_MEMORY, player->memory);
	player->memory = NULL;
	dev_close(&player->dev);
}

static void print_bytes(const __u8 *bytes, unsigned int nr)
{
	while (nr--)
		printf("%02x", *bytes++);
}

/* What the device says of itself. Where its regions are is its own business. */
static void print_infos(struct player *player)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	unsigned int i;
	int ret = dev_get_info(&player->dev, &info);

	printf("info: %d 0x%x %u %u\n", ret, info.flags, info.num_regions,
	       info.num_irqs);
	for (i = 0; i <= info.num_regions; i++) {
		struct vfio_region_info region = {
			.argsz = sizeof(region), .index = i,
		};

		ret = dev_get_region_info(&player->dev, &region);
		printf("region %u: %d 0x%x 0x%llx\n", i, ret, region.flags,
		       region.size);
	}
	for (i = 0; i <= info.num_irqs; i++) {
		struct vfio_irq_info irq = { .argsz = sizeof(irq), .index = i };

		ret = dev_get_irq_info(&player->dev, &irq);
		printf("irq %u: %d 0x%x %u\n", i, ret, irq.flags, irq.count);
	}
}

static void print_config(struct player *player)
{
	__u8 config[MAX_CONFIG];
	unsigned int i, size = player->model->config_size;
	ssize_t ret = dev_read(&player->dev, VFIO_PCI_CONFIG_REGION_INDEX,
			       config, size, 0);

	printf("config: %zd\n", ret);
	for (i = 0; ret > 0 && i < (size_t)ret; i += 32) {
		printf("%03x: ", i);
		print_bytes(config + i, 32);
		putchar('\n');
	}
}

/* Steps: what they are */

static void print_access(const struct step *step)
{
	printf("%s %u of region %u at 0x%llx",
	       step->kind == STEP_READ ? "read" : "write", step->len,
	       step->region, step->offset);
	if (step->kind == STEP_WRITE) {
		printf(", ");
		print_bytes(step->data, step->len);
	}
}

static void print_step(unsigned int nr, const struct step *step)
{
	printf("%u: ", nr);
	switch (step->kind) {
	case STEP_READ:
	case STEP_WRITE:
		print_access(step);
		break;
	case STEP_SET_IRQS:
		printf("SET_IRQS flags 0x%x index %u start %u count %u ",
		       step->flags, step->index, step->start, step->count);
		print_bytes(step->data, step->count);
		break;
	case STEP_RESET:
		printf("reset");
		break;
	case STEP_REOPEN:
		printf("close and open");
		break;
	case STEP_SEND:
		printf("send event %llu", step->offset);
		break;
	case STEP_SETTLE:
		printf("settle");
		break;
	case STEP_FILL:
		printf("fill memory");
		break;
	case STEP_MEMORY:
		printf("memory");
		break;
	case STEP_WAIT:
		printf("wait for the transfer");
		break;
	}
}

/* Steps: what they do. Each prints what came of it. */

static void play_read(struct player *player, const struct step *step)
{
	__u8 buf[TRACE_DATA] = { };
	ssize_t ret = dev_read(&player->dev, step->region, buf, step->len,
			       step->offset);

	printf(" = %zd ", ret);
	if (ret > 0)
		print_bytes(buf, ret);
}

static void play_set_irqs(struct player *player, const struct step *step)
{
	__u64 buf[(sizeof(struct vfio_irq_set) + 4 * TRACE_DATA) / 8];
	struct vfio_irq_set *set = (void *)buf;
	unsigned int i, size = 0;

	for (i = 0; i < step->count; i++) {
		__u8 event = step->data[i];
		__s32 fd = event == TRACE_NO_EVENT ? -1 : player->event[event];

		if (step->flags & VFIO_IRQ_SET_DATA_BOOL)
			set->data[size++] = step->data[i];
		if (!(step->flags & VFIO_IRQ_SET_DATA_EVENTFD))
			continue;
		/* whether an old signal counts is not what this is about */
		if (fd >= 0 && event >= TRACE_UNMASK)
			event_take(fd);
		memcpy(set->data + size, &fd, sizeof(fd));
		size += sizeof(fd);
	}
	set->argsz = sizeof(*set) + size;
	set->flags = step->flags;
	set->index = step->index;
	set->start = step->start;
	set->count = step->count;
	printf(" = %d", dev_set_irqs(&player->dev, set));
}

static void set_policy(int policy)
{
	const struct sched_param none = { };

	must(!sched_setscheduler(0, policy, &none), "sched_setscheduler: %m");
}

/*
 * Let time pass, and then have everybody else run who wants to: as long as there
 * is somebody, this gets next to nothing of the processor, which all share. So it
 * does not matter how slow they are, or how busy the computer is.
 */
static void settle(unsigned int times)
{
	unsigned int i;

	usleep(times * HALF_MS);
	set_policy(SCHED_IDLE);
	for (i = 0; i < YIELDS; i++)
		sched_yield();
	set_policy(SCHED_OTHER);
}

static void fill_memory(struct player *player, __u64 what)
{
	unsigned int i;

	for (i = 0; i < TRACE_MEMORY; i++)
		player->memory[i] = (what += 0x9e3779b9) >> 16;
}

/* FNV-1a */
static __u64 sum_memory(const struct player *player)
{
	__u64 sum = 0xcbf29ce484222325ULL;
	unsigned int i;

	for (i = 0; i < TRACE_MEMORY; i++)
		sum = (sum ^ player->memory[i]) * 0x100000001b3ULL;
	return sum;
}

static void play_step(struct player *player, const struct step *step)
{
	switch (step->kind) {
	case STEP_READ:
		play_read(player, step);
		break;
	case STEP_WRITE:
		printf(" = %zd", dev_write(&player->dev, step->region,
					   step->data, step->len,
					   step->offset));
		break;
	case STEP_SET_IRQS:
		play_set_irqs(player, step);
		break;
	case STEP_RESET:
		printf(" = %d", dev_reset(&player->dev));
		break;
	case STEP_REOPEN:
		close_device(player);
		open_device(player);
		break;
	case STEP_SEND:
		event_send(player->event[step->offset]);
		break;
	case STEP_SETTLE:
		settle(step->offset);
		break;
	case STEP_FILL:
		fill_memory(player, step->offset);
		break;
	case STEP_MEMORY:
		printf(" = %016llx", sum_memory(player));
		break;
	case STEP_WAIT:
		printf(" = %d", testdev_wait(&player->dev));
		break;
	}
}

/* What of the events has been signalled by now. */
static void print_events(struct player *player)
{
	unsigned int i;
	__u64 count;

	for (i = 0; i < TRACE_UNMASK; i++) {
		count = event_take(player->event[i]);
		if (count)
			printf("; event %u: %llu", i, count);
	}
}

/* What such a step brings about may come now or while it is waited for. */
static bool is_waited_for(const struct trace *trace, unsigned int nr)
{
	return nr + 1 < trace->nr &&
	       (trace->steps[nr + 1].kind == STEP_SETTLE ||
		trace->steps[nr + 1].kind == STEP_WAIT);
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void play_steps(struct player *player, const struct trace *trace)
{
	time_t start = now();
	unsigned int i;

	for (i = 0; i < trace->nr; i++) {
		print_step(i, &trace->steps[i]);
		if (!player->dry) {
			play_step(player, &trace->steps[i]);
			if (!is_waited_for(trace, i))
				print_events(player);
		}
		putchar('\n');
	}
	must(now() - start < MAX_TRACE_S, "too slow to tell anything");
}

static void play_trace(struct player *player, __u64 seed, unsigned int steps)
{
	struct trace trace;
	unsigned int i;

	trace_make(&trace, player->model, seed, steps);
	printf("seed %llu\n", seed);
	if (!player->dry) {
		for (i = 0; i < TRACE_EVENTS; i++)
			player->event[i] = event_new();
		open_device(player);
		print_infos(player);
		print_config(player);
	}
	play_steps(player, &trace);
	if (!player->dry) {
		print_config(player);
		close_device(player);
		for (i = 0; i < TRACE_EVENTS; i++)
			close(player->event[i]);
	}
	trace_free(&trace);
}

int main(int argc, char **argv)
{
	struct player player = { };
	__u64 seed, count = 1;
	unsigned int steps = 300;
	int ret;

	must(argc >= 4 && argc <= 6,
	     "play MODEL DEVICE SEED [COUNT [STEPS]]");
	player.model = trace_find_model(argv[1]);
	must(player.model, "no such model: %s", argv[1]);
	player.dry = !strcmp(argv[2], "-");
	if (!player.dry) {
		ret = vfio_locate(&player.loc, argv[2]);
		must(!ret, "%s: %s", argv[2], strerror(-ret));
	}
	seed = strtoull(argv[3], NULL, 0);
	if (argc > 4)
		count = strtoull(argv[4], NULL, 0);
	if (argc > 5)
		steps = strtoul(argv[5], NULL, 0);
	while (count--)
		play_trace(&player, seed++, steps);
	return 0;
}
