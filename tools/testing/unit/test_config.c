// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space, against a table of what each bit does.
 */
#include <linux/kernel.h>

#include "config_oracle.h"
#include "front.h"
#include "random.h"
#include "suites.h"
#include "unit.h"

#define RANDOM_STEPS	20000

/* All of configuration space, read @width bytes at a time. */
static void compare(struct front *front, const struct config_oracle *oracle,
		    unsigned int width)
{
	unsigned int offset;

	for (offset = 0; offset < oracle->size; offset += width) {
		u32 got = config_read(front, offset, width);
		u32 want = oracle_read(oracle, offset, width);

		if (got != want)
			unit_fail(__FILE__, __LINE__,
				  "config 0x%02x/%u: got 0x%x, want 0x%x",
				  offset, width, got, want);
	}
}

static void write_both(struct front *front, struct config_oracle *oracle,
		       unsigned int offset, unsigned int width, u32 value)
{
	config_write(front, offset, width, value);
	oracle_write(oracle, offset, width, value);
}

static void each_table(void (*run)(struct front *front,
				   struct config_oracle *oracle,
				   const struct config_table *table))
{
	struct config_oracle oracle;
	struct front *front;
	unsigned int i;

	for (i = 0; i < nr_config_tables; i++) {
		front = front_open(config_tables[i].type);
		oracle_power_on(&oracle, &config_tables[i]);
		unit_context("%s", config_tables[i].type);
		run(front, &oracle, &config_tables[i]);
		front_close(front);
	}
}

static void check_power_on(struct front *front, struct config_oracle *oracle,
			   const struct config_table *table)
{
	compare(front, oracle, 1);
	compare(front, oracle, 2);
	compare(front, oracle, 4);
}

static void power_on(void)
{
	each_table(check_power_on);
}

/* At each place, each value finds the bits of the value before it. */
static void check_every_place(struct front *front,
			      struct config_oracle *oracle,
			      const struct config_table *table)
{
	unsigned int width, offset, i;

	for (width = 1; width <= 4; width *= 2) {
		for (offset = 0; offset < oracle->size; offset += width) {
			const u32 values[] = {
				~0U, 0x55555555, 0xaaaaaaaa,
				random_u64(), random_u64(), 0,
			};

			for (i = 0; i < ARRAY_SIZE(values); i++) {
				unit_context("%s: 0x%x to 0x%02x/%u",
					     table->type, values[i], offset,
					     width);
				write_both(front, oracle, offset, width,
					   values[i]);
				EXPECT_EQ(config_read(front, offset, width),
					  oracle_read(oracle, offset, width));
				/* all of 4096 bytes each time is too long */
				if (oracle->size == 256)
					compare(front, oracle, 4);
			}
			if (offset % 16 == 0)
				compare(front, oracle, 4);
		}
	}
}

static void every_width_at_every_offset(void)
{
	each_table(check_every_place);
}

/* Half of the writes go where there is most to find. */
static unsigned int random_offset(const struct config_oracle *oracle)
{
	if (random_one_in(2))
		return random_below(0x60);
	if (random_one_in(2))
		return random_below(0x140) % oracle->size;
	return random_below(oracle->size);
}

static void check_random(struct front *front, struct config_oracle *oracle,
			 const struct config_table *table)
{
	unsigned int step, width, offset;
	bool asserted;

	for (step = 0; step < RANDOM_STEPS; step++) {
		unit_context("%s, step %u", table->type, step);
		width = 1 << random_below(3);
		offset = random_offset(oracle) & ~(width - 1);
		switch (random_below(16)) {
		case 0:
			asserted = random_one_in(2);
			model_irq(front, asserted);
			oracle_irq(oracle, asserted);
			break;
		case 1:
			if (!random_one_in(32))
				break;
			vdev_reset(front->vdev);
			oracle_power_on(oracle, table);
			break;
		default:
			write_both(front, oracle, offset, width,
				   random_value());
		}
		EXPECT_EQ(config_read(front, offset, width),
			  oracle_read(oracle, offset, width));
		if (step % 64 == 0)
			compare(front, oracle, 4);
	}
	compare(front, oracle, 4);
}

static void random_writes(void)
{
	each_table(check_random);
}

/* mtty sets none of the error bits, so the test does. */
static void status_errors_are_cleared_by_ones(void)
{
	struct front *front = front_open("mtty-2");
	unsigned int i;

	for (i = 0; i < 16; i++) {
		bool sticky = i == 8 || i >= 11;

		front->vdev->config[7] = 0xf9;
		config_write(front, 6, 2, 1 << i);
		EXPECT_EQ(config_read(front, 6, 2),
			  0xf910 & ~(sticky ? 1 << i : 0));
		front->vdev->config[7] = 0xf9;
		config_write(front, 4, 4, 1U << (16 + i));
		EXPECT_EQ(config_read(front, 6, 2),
			  0xf910 & ~(sticky ? 1 << i : 0));
	}
	config_write(front, 6, 2, 0);
	EXPECT_EQ(config_read(front, 6, 2) & 0x0010, 0x0010);
	front_close(front);
}

/* As a guest walks it. */
static void capability_list(void)
{
	struct front *front = front_open("mtty-1");

	EXPECT(config_read(front, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	EXPECT_EQ(config_read(front, 0x34, 1), 0x40);
	EXPECT_EQ(config_read(front, 0x40, 4), 0x00035001);
	EXPECT_EQ(config_read(front, 0x44, 4), 0x00000008);
	EXPECT_EQ(config_read(front, 0x50, 4), 0x00800005);
	front_close(front);
}

static void bar_sizing(void)
{
	struct front *front = front_open("toy-six");
	static const u32 sizing[] = {
		0xfffffffd, 0xffffff01, 0xfffffff0,
		0xfffff000, 0xffffffe1, 0xc0000000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizing); i++) {
		config_write(front, 0x10 + 4 * i, 4, 0xffffffff);
		EXPECT_EQ(config_read(front, 0x10 + 4 * i, 4), sizing[i]);
	}
	front_close(front);
}

/* The state and only the state decides; the rest of PMCSR does not matter. */
static void power_states(void)
{
	struct front *front = front_open("mtty-1");
	unsigned int state;

	for (state = 0; state < 4; state++) {
		power_state(front, 0);
		power_state(front, state | 0xfffc);
		EXPECT_EQ(config_read(front, 0x44, 2),
			  state == 3 ? 0x000b : 0x0008);
		power_state(front, 3);
		power_state(front, state);
		EXPECT_EQ(config_read(front, 0x44, 2),
			  state == 0 ? 0x0008 : 0x000b);
	}
	front_close(front);
}

static const struct unit_case cases[] = {
	UNIT_CASE(power_on),
	UNIT_CASE(every_width_at_every_offset),
	UNIT_CASE(random_writes),
	UNIT_CASE(status_errors_are_cleared_by_ones),
	UNIT_CASE(capability_list),
	UNIT_CASE(bar_sizing),
	UNIT_CASE(power_states),
	{ }
};

const struct unit_suite config_suite = { "config", cases };
