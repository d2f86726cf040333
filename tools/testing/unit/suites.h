/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All suites.
 */
#ifndef _UNIT_SUITES_H
#define _UNIT_SUITES_H

#include "unit.h"

extern const struct unit_suite kernel_suite;
extern const struct unit_suite family_suite;
extern const struct unit_suite model_suite;
extern const struct unit_suite life_suite;
extern const struct unit_suite config_suite;
extern const struct unit_suite express_suite;
extern const struct unit_suite bar_suite;
extern const struct unit_suite intx_suite;
extern const struct unit_suite msi_suite;
extern const struct unit_suite msix_suite;
extern const struct unit_suite vectors_suite;
extern const struct unit_suite set_irqs_suite;
extern const struct unit_suite irq_random_suite;
extern const struct unit_suite memory_suite;
extern const struct unit_suite job_suite;
extern const struct unit_suite dma_suite;
extern const struct unit_suite timer_suite;
extern const struct unit_suite stop_suite;
extern const struct unit_suite state_stop_suite;
extern const struct unit_suite state_family_suite;
extern const struct unit_suite state_suite;
extern const struct unit_suite state_golden_suite;
extern const struct unit_suite state_refuse_suite;
extern const struct unit_suite state_twin_suite;
extern const struct unit_suite uart_registers_suite;
extern const struct unit_suite uart_receive_suite;
extern const struct unit_suite uart_timeout_suite;
extern const struct unit_suite uart_irq_suite;
extern const struct unit_suite uart_modem_suite;
extern const struct unit_suite uart_trace_suite;
extern const struct unit_suite threads_suite;
extern const struct unit_suite monkey_suite;
extern const struct unit_suite vmig_table_suite;
extern const struct unit_suite vmig_write_suite;
extern const struct unit_suite vmig_refuse_suite;
extern const struct unit_suite vmig_identity_suite;
extern const struct unit_suite vmig_section_suite;
extern const struct unit_suite vmig_trip_suite;
extern const struct unit_suite vmig_golden_suite;
extern const struct unit_suite vmig_example_suite;
extern const struct unit_suite vmig_arcs_suite;
extern const struct unit_suite vmig_files_suite;
extern const struct unit_suite vmig_reset_suite;
extern const struct unit_suite vmig_threads_suite;

#endif /* _UNIT_SUITES_H */
