// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI-X: the table, the pending bits, and up to 2048 vectors (PCI 3.0, 6.8.2),
 * bound in any way that VFIO_DEVICE_SET_IRQS has; and MSI with several.
 */
#include <errno.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "lib/config_space.h"
#include "lib/event.h"
#include "lib/irq.h"
#include "lib/random.h"
#include "lib/testdev.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define MSIX VFIO_PCI_MSIX_IRQ_INDEX
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define BOOL VFIO_IRQ_SET_DATA_BOOL
#define NONE VFIO_IRQ_SET_DATA_NONE

#define MAX_VECTORS 2048
#define MSI_VECTORS 32
#define ENTRY PCI_MSIX_ENTRY_SIZE

/* As many eventfds as most tests need. */
#define EVENTS 64

FIXTURE(msix)
{
	struct testdev testdev;
	struct vfio_dev *dev;
	unsigned int nr;
	unsigned int table;	/* offsets in TESTDEV_MIXED */
	unsigned int pba;
	int fds[EVENTS];
};

FIXTURE_VARIANT(msix)
{
	enum testdev_model model;
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(msix, pcie_container) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_CONTAINER,
};

FIXTURE_VARIANT_ADD(msix, pcie_iommufd) {
	.model = TESTDEV_PCIE, .path = DEV_PATH_IOMMUFD,
};

FIXTURE_VARIANT_ADD(msix, large) {
	.model = TESTDEV_LARGE, .path = DEV_PATH_DEFAULT,
};

FIXTURE_SETUP(msix)
{
	int ret = testdev_open(&self->testdev, variant->model, variant->path);
	unsigned int i;

	if (ret == -ENODEV)
		SKIP(return, "%s", self->testdev.why);
	ASSERT_EQ(0, ret);
	self->dev = &self->testdev.dev;
	self->nr = variant->model == TESTDEV_LARGE ? 2048 : 64;
	self->table = variant->model == TESTDEV_LARGE ? 0x10000 : 0;
	self->pba = variant->model == TESTDEV_LARGE ? 0x18000 : 0x800;
	random_seed();
	for (i = 0; i < EVENTS; i++)
		self->fds[i] = event_new();
	testdev_enable(self->dev);
}

FIXTURE_TEARDOWN(msix)
{
	unsigned int i;

	for (i = 0; i < EVENTS; i++)
		close(self->fds[i]);
	testdev_close(&self->testdev);
}

static int bind_range(struct vfio_dev *dev, unsigned int index,
		      unsigned int start, unsigned int count, const int *fds)
{
	return irq_set_raw(dev, EVENTFD | TRIGGER, index, start, count, fds,
			   count * sizeof(*fds));
}

static void raise_vector(struct vfio_dev *dev, unsigned int vector)
{
	testdev_out(dev, TESTDEV_RAISE, vector);
}

static __u64 peek(struct __test_metadata *_metadata, struct vfio_dev *dev,
		  unsigned int width, __u64 offset)
{
	__u64 value = 0;

	EXPECT_EQ(width, dev_read(dev, TESTDEV_MIXED, &value, width, offset));
	return value;
}

static void poke(struct __test_metadata *_metadata, struct vfio_dev *dev,
		 unsigned int width, __u64 offset, __u64 value)
{
	EXPECT_EQ(width, dev_write(dev, TESTDEV_MIXED, &value, width, offset));
}

/* How many pending bits there are, and whether @vector's is one of them. */
static unsigned int pending(struct vfio_dev *dev, unsigned int pba,
			    unsigned int nr, unsigned int vector, bool *is)
{
	__u64 bits[MAX_VECTORS / 64];
	unsigned int i, count = 0;

	if (dev_read(dev, TESTDEV_MIXED, bits, nr / 8, pba) != nr / 8)
		return ~0U;
	for (i = 0; i < nr / 64; i++)
		count += __builtin_popcountll(bits[i]);
	*is = bits[vector / 64] >> (vector % 64) & 1;
	return count;
}

#define EXPECT_PENDING(vector)						\
	do {								\
		bool is;						\
									\
		EXPECT_EQ(1, pending(self->dev, self->pba, self->nr,	\
				     vector, &is));			\
		EXPECT_TRUE(is);					\
	} while (0)

#define EXPECT_NONE_PENDING()						\
	do {								\
		bool is;						\
									\
		EXPECT_EQ(0, pending(self->dev, self->pba, self->nr, 0,	\
				     &is));				\
	} while (0)

/* 6.8.2.9: all masked, the rest zero. */
static void expect_table_of_reset(struct __test_metadata *_metadata,
				  struct vfio_dev *dev, unsigned int table,
				  unsigned int nr)
{
	static __u32 words[MAX_VECTORS * 4];
	unsigned int i;

	ASSERT_EQ(nr * ENTRY, dev_read(dev, TESTDEV_MIXED, words, nr * ENTRY,
				       table));
	for (i = 0; i < nr * 4; i++)
		EXPECT_EQ(i % 4 == 3 ? 1 : 0, words[i]);
}

TEST_F(msix, table_after_reset)
{
	__u32 ones[4] = { ~0U, ~0U, ~0U, 0 };

	expect_table_of_reset(_metadata, self->dev, self->table, self->nr);
	dev_write(self->dev, TESTDEV_MIXED, ones, sizeof(ones),
		  self->table + (self->nr - 1) * ENTRY);
	ASSERT_EQ(0, dev_reset(self->dev));
	testdev_enable(self->dev);
	expect_table_of_reset(_metadata, self->dev, self->table, self->nr);
}

/* What software sets of the bytes of an entry. */
static __u8 writable(unsigned int offset)
{
	offset %= ENTRY;
	if (!offset)
		return 0xfc;
	if (offset < PCI_MSIX_ENTRY_VECTOR_CTRL)
		return 0xff;
	return offset == PCI_MSIX_ENTRY_VECTOR_CTRL ? 1 : 0;
}

/* Accesses of every width against a plain array. */
TEST_F(msix, table_widths)
{
	static __u8 model[MAX_VECTORS * ENTRY], got[MAX_VECTORS * ENTRY];
	unsigned int size = self->nr * ENTRY, round, width, at, i;
	__u64 value;

	for (i = 0; i < size; i++)
		model[i] = i % ENTRY == PCI_MSIX_ENTRY_VECTOR_CTRL;
	for (round = 0; round < 2000; round++) {
		width = 1 << random_below(4);
		/* half of them at the ends of the table */
		at = random_below(2) ? random_below(size) :
				       (size - random_below(64)) % size;
		at -= at % width;
		if (random_below(2)) {
			value = (__u64)random_u32() << 32 | random_u32();
			poke(_metadata, self->dev, width, self->table + at,
			     value);
			for (i = 0; i < width; i++, value >>= 8)
				model[at + i] = value & writable(at + i);
		} else {
			value = peek(_metadata, self->dev, width,
				     self->table + at);
			EXPECT_EQ(0, memcmp(&value, model + at, width));
		}
	}
	ASSERT_EQ(size, dev_read(self->dev, TESTDEV_MIXED, got, size,
				 self->table));
	EXPECT_EQ(0, memcmp(got, model, size));
}

/* A BAR that does not decode has no table. */
TEST_F(msix, table_needs_decoding)
{
	poke(_metadata, self->dev, 4, self->table + 8, 0x1234);
	config_command(self->dev, PCI_COMMAND_MEMORY, 0);
	EXPECT_EQ(0xffffffff, peek(_metadata, self->dev, 4, self->table + 8));
	EXPECT_EQ(~0ULL, peek(_metadata, self->dev, 8, self->pba));
	poke(_metadata, self->dev, 4, self->table + 8, 0x5678);
	config_command(self->dev, 0, PCI_COMMAND_MEMORY);
	EXPECT_EQ(0x1234, peek(_metadata, self->dev, 4, self->table + 8));
}

/* Read only, of any width; and nothing but what is pending. */
TEST_F(msix, pending_bits_are_read_only)
{
	unsigned int last = self->nr - 1, i;
	int none = -1;

	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, 1, &none));
	raise_vector(self->dev, last);
	for (i = 1; i <= 8; i *= 2) {
		poke(_metadata, self->dev, i, self->pba, ~0ULL);
		poke(_metadata, self->dev, i, self->pba + self->nr / 8 - i, 0);
	}
	EXPECT_PENDING(last);
	EXPECT_EQ(0x80, peek(_metadata, self->dev, 1, self->pba + last / 8));
	EXPECT_EQ(0x8000, peek(_metadata, self->dev, 2,
			       self->pba + last / 8 - 1));
	EXPECT_EQ(0x80000000, peek(_metadata, self->dev, 4,
				   self->pba + last / 8 - 3));
}

/* A message without an eventfd waits for one, is sent once and forgotten. */
TEST_F(msix, pending_until_bound)
{
	unsigned int vectors[] = {
		0, 1, 31, 32, 63, self->nr / 2, self->nr - 1,
		random_below(self->nr), random_below(self->nr),
	};
	unsigned int i, vector;
	int none = -1;

	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, 1, &none));
	EXPECT_NONE_PENDING();
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		vector = vectors[i];
		raise_vector(self->dev, vector);
		raise_vector(self->dev, vector);
		EXPECT_PENDING(vector);
		ASSERT_EQ(0, bind_range(self->dev, MSIX, vector, 1,
					&self->fds[i]));
		EXPECT_EQ(1, event_wait(self->fds[i]));
		EXPECT_NONE_PENDING();
		raise_vector(self->dev, vector);
		EXPECT_EQ(1, event_wait(self->fds[i]));
		ASSERT_EQ(0, bind_range(self->dev, MSIX, vector, 1, &none));
		EXPECT_EQ(0, event_take(self->fds[i]));
	}
}

/* A message is a memory write of a bus master. */
TEST_F(msix, pending_until_bus_master)
{
	unsigned int last = self->nr - 1;

	ASSERT_EQ(0, irq_bind_vector(self->dev, MSIX, last, self->fds[0]));
	config_command(self->dev, PCI_COMMAND_MASTER, 0);
	raise_vector(self->dev, last);
	EXPECT_EQ(0, event_stray(self->fds[0]));
	EXPECT_PENDING(last);
	config_command(self->dev, 0, PCI_COMMAND_MASTER);
	EXPECT_EQ(1, event_wait(self->fds[0]));
	EXPECT_NONE_PENDING();
}

/* What is owed belongs to the function, bindings belong to the user. */
TEST_F(msix, reset)
{
	unsigned int last = self->nr - 1;
	int none = -1;

	ASSERT_EQ(0, bind_range(self->dev, MSIX, last, 1, &none));
	ASSERT_EQ(0, irq_bind_vector(self->dev, MSIX, 0, self->fds[0]));
	raise_vector(self->dev, last);
	ASSERT_EQ(0, dev_reset(self->dev));
	testdev_enable(self->dev);
	EXPECT_NONE_PENDING();
	ASSERT_EQ(0, irq_bind_vector(self->dev, MSIX, last, self->fds[1]));
	EXPECT_EQ(0, event_stray(self->fds[1]));
	raise_vector(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->fds[0]));
}

/* Nothing of one user's interrupts reaches the next. */
TEST_F(msix, next_user)
{
	int none = -1;

	ASSERT_EQ(0, irq_bind_vector(self->dev, MSIX, 1, self->fds[1]));
	raise_vector(self->dev, 0);
	EXPECT_PENDING(0);
	testdev_close(&self->testdev);
	ASSERT_EQ(0, dev_open(self->dev, &self->testdev.loc, variant->path));
	testdev_enable(self->dev);
	EXPECT_NONE_PENDING();
	ASSERT_EQ(0, bind_range(self->dev, MSIX, 2, 1, &none));
	raise_vector(self->dev, 1);
	EXPECT_EQ(0, event_stray(self->fds[1]));
}

/* All there are, by one request; each is heard by its own eventfd alone. */
TEST_F(msix, every_vector)
{
	struct rlimit limit = { MAX_VECTORS + 256, MAX_VECTORS + 256 };
	unsigned int start = random_below(self->nr), i, vector;
	static int fds[MAX_VECTORS];

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < self->nr; i++)
		fds[i] = event_new();
	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, self->nr, fds));
	for (i = 0; i < self->nr; i++) {
		/* any order will do, if it is not that of the numbers */
		vector = (start + i * 37) % self->nr;
		raise_vector(self->dev, vector);
		ASSERT_EQ(1, event_take(fds[vector]));
	}
	for (i = 0; i < self->nr; i++)
		EXPECT_EQ(0, event_take(fds[i]));
	raise_vector(self->dev, self->nr);
	raise_vector(self->dev, 0xfffe);
	for (i = 0; i < self->nr; i++)
		EXPECT_EQ(0, event_take(fds[i]));
	EXPECT_NONE_PENDING();
	for (i = 0; i < self->nr; i++)
		close(fds[i]);
}

/* The table and its mask bits are the VMM's business, as with vfio-pci. */
TEST_F(msix, masks_decide_nothing)
{
	unsigned int cap = config_find_cap(self->dev, PCI_CAP_ID_MSIX);

	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, 2, self->fds));
	raise_vector(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->fds[0]));
	config_write16(self->dev, cap + PCI_MSIX_FLAGS,
		       PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	poke(_metadata, self->dev, 4,
	     self->table + ENTRY + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
	raise_vector(self->dev, 1);
	EXPECT_EQ(1, event_wait(self->fds[1]));
}

/* A part of the vectors is bound anew, and the others do not notice. */
TEST_F(msix, part_of_a_range)
{
	const int change[4] = { self->fds[10], -1, self->fds[11],
				self->fds[12] };
	unsigned int i;

	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, 8, self->fds));
	ASSERT_EQ(0, bind_range(self->dev, MSIX, 2, 4, change));
	for (i = 0; i < 8; i++)
		raise_vector(self->dev, i);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(i < 2 || i > 5, event_take(self->fds[i]));
	for (i = 10; i < 13; i++)
		EXPECT_EQ(1, event_take(self->fds[i]));
	EXPECT_PENDING(3);
}

/* No NORESIZE: vectors are added, at any place, while others are in use. */
TEST_F(msix, grows)
{
	unsigned int i, vector;

	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, 1, self->fds));
	for (i = 1; i <= 10; i++) {
		vector = self->nr - i;
		ASSERT_EQ(0, bind_range(self->dev, MSIX, vector, 1,
					&self->fds[i]));
		raise_vector(self->dev, vector);
		EXPECT_EQ(1, event_wait(self->fds[i]));
		raise_vector(self->dev, 0);
		EXPECT_EQ(1, event_wait(self->fds[0]));
	}
}

TEST_F(msix, out_of_range)
{
	static const unsigned int starts[] = { 0x7fffffff, 0xffffffff };
	unsigned int i;

	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, 1, self->fds));
	EXPECT_EQ(-EINVAL, bind_range(self->dev, MSIX, self->nr, 1, self->fds));
	EXPECT_EQ(-EINVAL, bind_range(self->dev, MSIX, self->nr - 1, 2,
				      self->fds));
	for (i = 0; i < ARRAY_SIZE(starts); i++)
		EXPECT_EQ(-EINVAL, bind_range(self->dev, MSIX, starts[i], 2,
					      self->fds));
	EXPECT_EQ(-EINVAL, irq_set_raw(self->dev, NONE | TRIGGER, MSIX, 0,
				       self->nr + 1, NULL, 0));
	EXPECT_EQ(-EINVAL, irq_set_raw(self->dev, NONE | TRIGGER, MSIX, 1,
				       0xffffffff, NULL, 0));
	raise_vector(self->dev, 0);
	EXPECT_EQ(1, event_wait(self->fds[0]));
}

/* A descriptor that is none: the request is undone as far as it came. */
TEST_F(msix, bad_descriptor)
{
	int impostor = event_impostor();
	int fds[4] = { self->fds[4], self->fds[5], impostor, self->fds[6] };
	unsigned int i;

	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, 4, self->fds));
	EXPECT_EQ(-EINVAL, bind_range(self->dev, MSIX, 0, 4, fds));
	for (i = 0; i < 4; i++)
		raise_vector(self->dev, i);
	/* as vfio-pci has it: those before it are bound to nothing */
	for (i = 0; i < 7; i++)
		EXPECT_EQ(i == 3, event_take(self->fds[i]));
	ASSERT_EQ(0, irq_disable(self->dev, MSIX));
	EXPECT_EQ(-EINVAL, bind_range(self->dev, MSIX, 0, 4, fds));
	/* and if it was the first, MSI-X is off */
	EXPECT_EQ(0, irq_bind(self->dev, INTX, self->fds[0]));
	close(impostor);
}

TEST_F(msix, loopback)
{
	__u8 bools[4] = { 1, 0, 1, 0 };
	unsigned int i;

	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, 16, self->fds));
	EXPECT_EQ(0, irq_set_raw(self->dev, NONE | TRIGGER, MSIX, 5, 3, NULL,
				 0));
	EXPECT_EQ(0, irq_set_raw(self->dev, BOOL | TRIGGER, MSIX, 10, 4, bools,
				 4));
	for (i = 0; i < 16; i++)
		EXPECT_EQ((i >= 5 && i < 8) || i == 10 || i == 12,
			  event_take(self->fds[i]));
	/* one that is bound to nothing has nobody to tell */
	EXPECT_EQ(0, irq_set_raw(self->dev, NONE | TRIGGER, MSIX, 20, 1, NULL,
				 0));
	EXPECT_NONE_PENDING();
}

/* One kind at a time; what was raised without any is not remembered. */
TEST_F(msix, switch_modes)
{
	static const unsigned int modes[] = { INTX, MSI, MSIX };
	unsigned int i, j;

	for (i = 0; i < 9; i++) {
		raise_vector(self->dev, 0);
		ASSERT_EQ(0, irq_bind(self->dev, modes[i % 3], self->fds[0]));
		EXPECT_EQ(0, event_stray(self->fds[0]));
		for (j = 0; j < 3; j++)
			EXPECT_EQ(j == i % 3 ? 0 : -EINVAL,
				  irq_bind(self->dev, modes[j], self->fds[0]));
		raise_vector(self->dev, 0);
		EXPECT_EQ(i % 3 ? 1 : 0, event_take(self->fds[0]));
		ASSERT_EQ(0, irq_disable(self->dev, modes[i % 3]));
	}
}

/* The condition of the pin, when messages are in use, is vector 0. */
TEST_F(msix, interrupt_condition)
{
	ASSERT_EQ(0, bind_range(self->dev, MSIX, 0, 2, self->fds));
	testdev_out(self->dev, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL | 1);
	EXPECT_EQ(1, event_wait(self->fds[0]));
	testdev_out(self->dev, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL | 1);
	EXPECT_EQ(0, event_stray(self->fds[0]));
	testdev_out(self->dev, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL);
	testdev_out(self->dev, TESTDEV_RAISE, TESTDEV_RAISE_LEVEL | 1);
	EXPECT_EQ(1, event_wait(self->fds[0]));
	EXPECT_EQ(0, event_take(self->fds[1]));
}

TEST_F(msix, msi_with_every_vector)
{
	unsigned int i;

	ASSERT_EQ(0, bind_range(self->dev, MSI, 0, MSI_VECTORS, self->fds));
	for (i = 0; i < MSI_VECTORS; i++)
		raise_vector(self->dev, i);
	for (i = 0; i < MSI_VECTORS; i++)
		EXPECT_EQ(1, event_take(self->fds[i]));
	/* MSI-X has more of them, but is not what is in use */
	raise_vector(self->dev, MSI_VECTORS);
	for (i = 0; i < MSI_VECTORS; i++)
		EXPECT_EQ(0, event_take(self->fds[i]));
	EXPECT_EQ(-EINVAL, bind_range(self->dev, MSI, 0, MSI_VECTORS + 1,
				      self->fds));
}

/* 6.8.1.6: given fewer, the function uses the low bits. NORESIZE. */
TEST_F(msix, msi_with_fewer_vectors)
{
	unsigned int i;

	ASSERT_EQ(0, bind_range(self->dev, MSI, 0, 4, self->fds));
	EXPECT_EQ(-EINVAL, bind_range(self->dev, MSI, 3, 2, &self->fds[8]));
	EXPECT_EQ(-EINVAL, bind_range(self->dev, MSI, 6, 1, &self->fds[8]));
	ASSERT_EQ(0, bind_range(self->dev, MSI, 0, 4, self->fds));
	for (i = 0; i < MSI_VECTORS; i++) {
		raise_vector(self->dev, i);
		EXPECT_EQ(1, event_take(self->fds[i % 4]));
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, event_take(self->fds[i]));
}

TEST_HARNESS_MAIN
