// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_SET_IRQS, every combination of its fields against a model of
 * what vfio-pci answers (drivers/vfio/pci/vfio_pci_intrs.c and
 * vfio_set_irqs_validate_and_prepare()), from every mode. Of this class are
 * CVE-2016-9083 (overflow of start + count), CVE-2024-26812 and
 * CVE-2026-46034 (trigger before set-up).
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/mtty.h"
#include "lib/random.h"
#include "lib/subject.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define OFF VFIO_PCI_NUM_IRQS	/* as a mode: neither of them */
#define HEADER sizeof(struct vfio_irq_set)
#define DATA VFIO_IRQ_SET_DATA_TYPE_MASK
#define ACTION VFIO_IRQ_SET_ACTION_TYPE_MASK

enum fd_kind { FD_GOOD, FD_MINUS_1, FD_MINUS_2, FD_CLOSED, FD_IMPOSTOR,
	       NUM_FDS };

struct request {
	__u32 argsz, flags, index, start, count;
	__u8 byte;		/* of DATA_BOOL */
	enum fd_kind fd;	/* of DATA_EVENTFD */
};

/* What the model knows of the device. */
struct model {
	__u32 mode;
	bool unmask_bound;
	bool bound[VFIO_PCI_NUM_IRQS];	/* ERR and REQ */
	__u32 num_irqs;
	__u32 count[VFIO_PCI_NUM_IRQS];
};

FIXTURE(set_irqs)
{
	struct subject subject;
	struct vfio_dev *dev;
	struct model model;
	int fds[NUM_FDS];
};

FIXTURE_SETUP(set_irqs)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) };
	int ret = subject_open(&self->subject, SUBJECT_PORTS_1);

	if (ret == -ENODEV)
		SKIP(return, "%s", self->subject.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->subject.dev;
	self->fds[FD_GOOD] = event_new();
	self->fds[FD_MINUS_1] = -1;
	self->fds[FD_MINUS_2] = -2;
	self->fds[FD_IMPOSTOR] = event_impostor();
	/* last, or one of the above would get its number */
	self->fds[FD_CLOSED] = event_closed();

	self->model.mode = OFF;
	self->model.num_irqs = VFIO_PCI_NUM_IRQS;
	for (info.index = 0; info.index < VFIO_PCI_NUM_IRQS; info.index++) {
		ASSERT_EQ(0, dev_get_irq_info(self->dev, &info));
		self->model.count[info.index] = info.count;
	}
}

FIXTURE_TEARDOWN(set_irqs)
{
	close(self->fds[FD_GOOD]);
	close(self->fds[FD_IMPOSTOR]);
	subject_close(&self->subject);
}

static int model_fd(enum fd_kind fd)
{
	return fd == FD_CLOSED ? -EBADF : fd == FD_IMPOSTOR ? -EINVAL : 0;
}

static int model_validate(const struct model *m, const struct request *r)
{
	__u64 size;

	if (r->argsz < HEADER || r->index >= m->num_irqs)
		return -EINVAL;
	if ((__u64)r->start + r->count >= UINT_MAX)
		return -EINVAL;
	if (r->flags & ~(DATA | ACTION))
		return -EINVAL;
	if (r->start >= m->count[r->index] ||
	    r->start + r->count > m->count[r->index])
		return -EINVAL;
	switch (r->flags & DATA) {
	case VFIO_IRQ_SET_DATA_NONE:
		size = 0;
		break;
	case VFIO_IRQ_SET_DATA_BOOL:
		size = 1;
		break;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		size = 4;
		break;
	default:
		return -EINVAL;
	}
	return r->argsz - HEADER < size * r->count ? -EINVAL : 0;
}

static int model_unmask(struct model *m, const struct request *r)
{
	int ret;

	if (m->mode != INTX || r->count != 1)
		return -EINVAL;
	if (!(r->flags & VFIO_IRQ_SET_DATA_EVENTFD))
		return 0;
	if (r->fd == FD_MINUS_1 || r->fd == FD_MINUS_2) {
		m->unmask_bound = false;
		return 0;
	}
	ret = model_fd(r->fd);
	if (!ret && m->unmask_bound)
		ret = -EBUSY;
	if (!ret)
		m->unmask_bound = true;
	return ret;
}

static int model_intx_trigger(struct model *m, const struct request *r)
{
	int ret;

	if (m->mode == INTX && !r->count &&
	    r->flags & VFIO_IRQ_SET_DATA_NONE) {
		m->mode = OFF;
		m->unmask_bound = false;
		return 0;
	}
	if (m->mode == MSI || r->count != 1)
		return -EINVAL;
	if (!(r->flags & VFIO_IRQ_SET_DATA_EVENTFD))
		return m->mode == INTX ? 0 : -EINVAL;
	ret = model_fd(r->fd);
	if (!ret)
		m->mode = INTX;
	return ret;
}

static int model_msi_trigger(struct model *m, const struct request *r)
{
	int ret = 0;

	if (m->mode == MSI && !r->count && r->flags & VFIO_IRQ_SET_DATA_NONE) {
		m->mode = OFF;
		return 0;
	}
	if (m->mode == INTX)
		return -EINVAL;
	if (!(r->flags & VFIO_IRQ_SET_DATA_EVENTFD))
		return m->mode == MSI ? 0 : -EINVAL;
	if (m->mode == OFF && !r->count)
		return -ERANGE;
	if (r->count)
		ret = model_fd(r->fd);
	/* a bad descriptor undoes the enabling, not what was on before */
	if (!ret)
		m->mode = MSI;
	return ret;
}

/* ERR and REQ: one eventfd each, whatever the mode. */
static int model_single_trigger(struct model *m, const struct request *r)
{
	bool *bound = &m->bound[r->index];
	int ret;

	if (r->flags & VFIO_IRQ_SET_DATA_NONE) {
		if (!*bound)
			return -EINVAL;
		*bound = r->count;
		return 0;
	}
	if (!r->count)
		return -EINVAL;
	if (r->flags & VFIO_IRQ_SET_DATA_BOOL)
		return 0;
	/* -1 has a meaning here, the other negative numbers have none */
	ret = r->fd == FD_MINUS_2 ? -EINVAL : model_fd(r->fd);
	if (!ret)
		*bound = r->fd == FD_GOOD;
	return ret;
}

static int model_set_irqs(struct model *m, const struct request *r)
{
	int ret = model_validate(m, r);

	if (ret)
		return ret;
	switch (r->flags & ACTION) {
	case VFIO_IRQ_SET_ACTION_MASK:
		if (r->index != INTX)
			return -ENOTTY;
		if (m->mode != INTX || r->count != 1)
			return -EINVAL;
		return r->flags & VFIO_IRQ_SET_DATA_EVENTFD ? -ENOTTY : 0;
	case VFIO_IRQ_SET_ACTION_UNMASK:
		return r->index == INTX ? model_unmask(m, r) : -ENOTTY;
	case VFIO_IRQ_SET_ACTION_TRIGGER:
		if (r->index == INTX)
			return model_intx_trigger(m, r);
		return r->index == MSI ? model_msi_trigger(m, r) :
			model_single_trigger(m, r);
	default:
		return -ENOTTY;
	}
}

static int real_set_irqs(struct vfio_dev *dev, const struct request *r,
			 const int *fds)
{
	struct {
		struct vfio_irq_set set;
		__s32 data[4];
	} arg;
	unsigned int i;

	arg.set.argsz = r->argsz;
	arg.set.flags = r->flags;
	arg.set.index = r->index;
	arg.set.start = r->start;
	arg.set.count = r->count;
	for (i = 0; i < ARRAY_SIZE(arg.data); i++)
		arg.data[i] = fds[r->fd];
	if (r->flags & VFIO_IRQ_SET_DATA_BOOL)
		memset(arg.data, r->byte, sizeof(arg.data));
	return dev_set_irqs(dev, &arg.set);
}

/* Both get the request; false if they answer differently. */
static bool try(struct __test_metadata *_metadata, struct vfio_dev *dev,
		struct model *model, const struct request *r, const int *fds)
{
	__u32 mode = model->mode;
	int expected = model_set_irqs(model, r);
	int ret = real_set_irqs(dev, r, fds);

	if (ret == expected)
		return true;
	TH_LOG("mode %u: expected %d, got %d", mode, expected, ret);
	TH_LOG("argsz %u flags 0x%x index %u start %u count %u", r->argsz,
	       r->flags, r->index, r->start, r->count);
	TH_LOG("kind of fd %u, byte %u", r->fd, r->byte);
	return false;
}

static void go_to_mode(struct vfio_dev *dev, struct model *model, __u32 mode,
		       const int *fds)
{
	__u32 i;

	if (model->mode != OFF)
		irq_disable(dev, model->mode);
	for (i = VFIO_PCI_ERR_IRQ_INDEX; i < model->num_irqs; i++) {
		if (model->bound[i])
			irq_disable(dev, i);
		model->bound[i] = false;
	}
	model->mode = mode;
	model->unmask_bound = false;
	if (mode != OFF)
		irq_bind(dev, mode, fds[FD_GOOD]);
}

static const __u32 modes[] = { OFF, INTX, MSI };

static const __u32 all_flags[] = {
	/* each of 3 data types with each of 3 actions */
	0x01 | 0x08, 0x02 | 0x08, 0x04 | 0x08,
	0x01 | 0x10, 0x02 | 0x10, 0x04 | 0x10,
	0x01 | 0x20, 0x02 | 0x20, 0x04 | 0x20,
	/* no data type, no action, nothing */
	0x08, 0x10, 0x20, 0x01, 0x02, 0x04, 0,
	/* several of a kind */
	0x03 | 0x20, 0x05 | 0x20, 0x06 | 0x20, 0x07 | 0x20, 0x07 | 0x10,
	0x01 | 0x30, 0x01 | 0x18, 0x02 | 0x28, 0x04 | 0x38, 0x3f,
	/* what no header defines */
	0x01 | 0x20 | 0x40, 0x04 | 0x20 | 0x80, 0x01 | 0x20 | 1U << 31,
	0xffffffff,
};

static const __u32 indexes[] = {
	INTX, MSI, VFIO_PCI_MSIX_IRQ_INDEX, VFIO_PCI_ERR_IRQ_INDEX,
	VFIO_PCI_REQ_IRQ_INDEX, VFIO_PCI_NUM_IRQS, 1U << 31, UINT_MAX,
};

static const __u32 starts[] = { 0, 1, 1U << 31, UINT_MAX - 1, UINT_MAX };

static const __u32 counts[] = {
	0, 1, 2, 0x40000000, 1U << 31, UINT_MAX
};

static const __u32 argszs[] = {
	0, HEADER - 1, HEADER, HEADER + 1, HEADER + 3, HEADER + 4, UINT_MAX
};

/* A digit of @n in a number system of base @num. */
static __u32 pick(unsigned int *n, const __u32 *values, unsigned int num)
{
	__u32 value = values[*n % num];

	*n /= num;
	return value;
}

/* All of it: every value of each field with every value of the others. */
TEST_F(set_irqs, table)
{
	const unsigned int rows = ARRAY_SIZE(argszs) * ARRAY_SIZE(counts) *
		ARRAY_SIZE(starts) * ARRAY_SIZE(indexes) *
		ARRAY_SIZE(all_flags) * ARRAY_SIZE(modes);
	struct request r = { .byte = 1, .fd = FD_GOOD };
	unsigned int row, n;
	__u32 mode;

	for (row = 0; row < rows; row++) {
		n = row;
		r.argsz = pick(&n, argszs, ARRAY_SIZE(argszs));
		r.count = pick(&n, counts, ARRAY_SIZE(counts));
		r.start = pick(&n, starts, ARRAY_SIZE(starts));
		r.index = pick(&n, indexes, ARRAY_SIZE(indexes));
		r.flags = pick(&n, all_flags, ARRAY_SIZE(all_flags));
		mode = pick(&n, modes, ARRAY_SIZE(modes));
		if (self->model.mode != mode || self->model.unmask_bound ||
		    self->model.bound[VFIO_PCI_ERR_IRQ_INDEX] ||
		    self->model.bound[VFIO_PCI_REQ_IRQ_INDEX])
			go_to_mode(self->dev, &self->model, mode, self->fds);
		EXPECT_TRUE(try(_metadata, self->dev, &self->model, &r,
				self->fds));
	}
}

static const __u32 actions[] = {
	VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_UNMASK,
	VFIO_IRQ_SET_ACTION_TRIGGER,
};

static const __u32 fd_kinds[] = {
	FD_GOOD, FD_MINUS_1, FD_MINUS_2, FD_CLOSED, FD_IMPOSTOR,
};

/* Each kind of descriptor in each place that takes one. */
TEST_F(set_irqs, descriptors)
{
	const unsigned int rows = ARRAY_SIZE(fd_kinds) * ARRAY_SIZE(indexes) *
		ARRAY_SIZE(actions) * ARRAY_SIZE(modes);
	struct request r = { .argsz = HEADER + 4, .count = 1 };
	unsigned int row, n;
	__u32 mode;

	for (row = 0; row < rows; row++) {
		n = row;
		r.fd = pick(&n, fd_kinds, ARRAY_SIZE(fd_kinds));
		r.index = pick(&n, indexes, ARRAY_SIZE(indexes));
		r.flags = VFIO_IRQ_SET_DATA_EVENTFD | pick(&n, actions, ARRAY_SIZE(actions));
		mode = pick(&n, modes, ARRAY_SIZE(modes));
		go_to_mode(self->dev, &self->model, mode, self->fds);
		EXPECT_TRUE(try(_metadata, self->dev, &self->model, &r,
				self->fds));
		/* and again in whatever state that led to */
		EXPECT_TRUE(try(_metadata, self->dev, &self->model, &r,
				self->fds));
	}
}

/* Random requests one after the other: state built up over many of them. */
TEST_F(set_irqs, sequence)
{
	unsigned int i;

	random_seed();
	for (i = 0; i < 20000; i++) {
		struct request r = {
			.argsz = HEADER + 4,
			.index = random_below(3) ? random_below(2) :
				random_below(VFIO_PCI_NUM_IRQS),
			.count = 1, .byte = random_below(2),
			.fd = random_below(3) ? FD_GOOD : random_below(NUM_FDS),
			.flags = 1 << random_below(3) | 8 << random_below(3),
		};

		if (!random_below(4))
			r.flags = VFIO_IRQ_SET_ACTION_TRIGGER |
				VFIO_IRQ_SET_DATA_EVENTFD;
		if (!random_below(4))
			r.count = random_below(3);
		if (!random_below(16))
			r.start = random_below(2);
		if (!random_below(16))
			r.flags |= 1 << random_below(8);
		if (!random_below(64))
			ASSERT_EQ(0, dev_reset(self->dev));
		ASSERT_TRUE(try(_metadata, self->dev, &self->model, &r,
				self->fds)) {
			TH_LOG("request %u of the sequence", i);
		}
	}

	/* It still works after all that. */
	event_take(self->fds[FD_GOOD]);
	go_to_mode(self->dev, &self->model, INTX, self->fds);
	event_take(self->fds[FD_GOOD]);
	mtty_decode(self->dev);
	mtty_raise(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->fds[FD_GOOD]));
}

/* A refused request does nothing: the set-up before it still works. */
TEST_F(set_irqs, refusals_change_nothing)
{
	unsigned int mode, i;

	mtty_decode(self->dev);
	for (mode = INTX; mode <= MSI; mode++) {
		const struct request bad[] = {
			{ HEADER + 4, 0x24, mode, 0, 2, 0, FD_GOOD },
			{ HEADER + 4, 0x24, mode, 1, 1, 0, FD_MINUS_1 },
			{ HEADER, 0x21 | 0x40, mode, 0, 0, 0, 0 },
			{ HEADER - 1, 0x21, mode, 0, 0, 0, 0 },
			{ HEADER + 3, 0x24, mode, 0, 1, 0, FD_MINUS_1 },
			{ HEADER, 0x20, mode, 0, 0, 0, 0 },
			{ HEADER, 0x23, mode, 0, 0, 0, 0 },
			{ HEADER, 0x31, mode, 0, 0, 0, 0 },
		};

		go_to_mode(self->dev, &self->model, mode, self->fds);
		for (i = 0; i < ARRAY_SIZE(bad); i++)
			EXPECT_GT(0, real_set_irqs(self->dev, &bad[i],
						   self->fds));
		EXPECT_EQ(0, irq_none(self->dev, mode,
				      VFIO_IRQ_SET_ACTION_TRIGGER));
		EXPECT_EQ(1, event_wait(self->fds[FD_GOOD]));
	}
}

/* ioctl(2): header or data that cannot be read is EFAULT. */
TEST_F(set_irqs, bad_pointers)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct vfio_irq_set *set;
	__u8 *map;

	if (self->dev->fd < 0)
		SKIP(return, "no device file");
	map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));

	EXPECT_EQ(-EFAULT, dev_set_irqs(self->dev, NULL));
	EXPECT_EQ(-EFAULT, dev_set_irqs(self->dev, (void *)(map + page)));
	set = (void *)(map + page - HEADER + 4);
	set->argsz = HEADER + 4;
	EXPECT_EQ(-EFAULT, dev_set_irqs(self->dev, set));

	/* header within, data beyond */
	set = (void *)(map + page - HEADER);
	set->argsz = HEADER + 4;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = INTX;
	set->start = 0;
	set->count = 1;
	EXPECT_EQ(-EFAULT, dev_set_irqs(self->dev, set));
	set->flags = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER;
	EXPECT_EQ(-EFAULT, dev_set_irqs(self->dev, set));
	/* without data nothing beyond is read */
	set->flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
	EXPECT_EQ(-EINVAL, dev_set_irqs(self->dev, set));
	ASSERT_EQ(0, irq_bind(self->dev, INTX, self->fds[FD_GOOD]));
	EXPECT_EQ(0, dev_set_irqs(self->dev, set));
	EXPECT_EQ(1, event_wait(self->fds[FD_GOOD]));
	munmap(map, page);
}

TEST_HARNESS_MAIN
