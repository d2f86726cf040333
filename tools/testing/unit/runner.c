// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the suites and reports in KTAP.
 *
 *	unit [SUITE | SUITE.CASE]...
 *
 * SEED in the environment chooses the random numbers; each case starts from
 * that seed, so that one case alone does what it did among the others.
 */
#include <linux/array_size.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random.h"
#include "runner.h"
#include "suites.h"
#include "unit.h"

#define DEFAULT_SEED	0x76646576ULL
#ifndef CASE_SECONDS
#define CASE_SECONDS	20
#endif

/* Where LeakSanitizer finds leaks at exit, the case has failed. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "exitcode=1:detect_leaks=1:abort_on_error=0";
}

static const struct unit_suite * const suites[] = {
	&kernel_suite,
	&family_suite,
	&model_suite,
	&life_suite,
	&config_suite,
	&express_suite,
	&bar_suite,
	&intx_suite,
	&msi_suite,
	&msix_suite,
	&vectors_suite,
	&set_irqs_suite,
	&irq_random_suite,
	&memory_suite,
	&job_suite,
	&dma_suite,
	&timer_suite,
	&stop_suite,
	&state_stop_suite,
	&state_family_suite,
	&state_suite,
	&state_refuse_suite,
	&state_twin_suite,
	&state_golden_suite,
	&uart_registers_suite,
	&uart_receive_suite,
	&uart_timeout_suite,
	&uart_irq_suite,
	&uart_modem_suite,
	&uart_trace_suite,
	&threads_suite,
	&monkey_suite,
	&vmig_table_suite,
	&vmig_write_suite,
	&vmig_refuse_suite,
	&vmig_identity_suite,
	&vmig_section_suite,
	&vmig_trip_suite,
	&vmig_golden_suite,
	&vmig_example_suite,
	&vmig_arcs_suite,
	&vmig_files_suite,
	&vmig_reset_suite,
	&vmig_threads_suite,
};

static unsigned int passed, failed, skipped, nr;

static bool selected(char **filters, const char *suite, const char *name)
{
	size_t length = strlen(suite);

	if (!*filters)
		return true;
	for (; *filters; filters++) {
		if (!strcmp(*filters, suite))
			return true;
		if (!strncmp(*filters, suite, length) &&
		    (*filters)[length] == '.' &&
		    !strcmp(*filters + length + 1, name))
			return true;
	}
	return false;
}

static void run_case(const char *suite, const struct unit_case *test, u64 seed)
{
	const char *how = "";
	bool good = true;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(CASE_SECONDS);
		random_seed(seed);
		test->run();
		exit(CASE_PASSED);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("unit");
		exit(CASE_FAILED);
	}

	if (WIFEXITED(status) && WEXITSTATUS(status) == CASE_PASSED) {
		passed++;
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == CASE_SKIPPED) {
		skipped++;
		how = " # SKIP";
	} else {
		failed++;
		good = false;
	}
	printf("%s %u %s.%s%s\n", good ? "ok" : "not ok", ++nr, suite,
	       test->name, how);
	if (WIFSIGNALED(status))
		printf("# killed by signal %d (%s)\n", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
}

int main(int argc, char **argv)
{
	const char *wish = getenv("SEED");
	u64 seed = wish ? strtoull(wish, NULL, 0) : DEFAULT_SEED;
	const struct unit_case *test;
	unsigned int planned = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (test = suites[i]->cases; test->name; test++)
			planned += selected(argv + 1, suites[i]->name,
					    test->name);

	printf("KTAP version 1\n");
	printf("# SEED=0x%llx\n", seed);
	printf("1..%u\n", planned);
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (test = suites[i]->cases; test->name; test++)
			if (selected(argv + 1, suites[i]->name, test->name))
				run_case(suites[i]->name, test, seed);

	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed || !nr ? CASE_FAILED : CASE_PASSED;
}
