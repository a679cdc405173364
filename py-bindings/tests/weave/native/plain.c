/* A shared library that knows nothing of Python. */
#define FT_WEAVE_STANDALONE
#include <ft_weave.h>
#include <unistd.h>

#include "log.h"

/* What ft_utils._weave.C_API holds. */
static const ft_weave_api *api;
/* Where this thread's destructors write. */
static weave_local log_t *current;
static weave_local void *variables[3];

void plain_set_api(const ft_weave_api *table) { api = table; }
log_t *plain_new_log(void) { return new_log(); }
int plain_read(log_t *log, long *lines) { return read_lines(log, lines); }
void plain_use(log_t *log) { current = log; }
void plain_set(int which, intptr_t value) { variables[which] = (void *)value; }
void **plain_address(int which) { return &variables[which]; }

/* Destructors */

void plain_write(void *value) { write_line(current, (long)(intptr_t)value); }
void plain_write_ten(void *value) { write_line(current, 10 * (long)(intptr_t)value); }

/* For processes that end before anybody could read a log. */
void plain_print(void *value)
{
    char line[2] = {(char)('0' + (intptr_t)value), '\n'};
    if (write(1, line, 2) != 2) {
        abort();
    }
}

void plain_register_again(void *value)
{
    plain_write(value);
    api->register_(&variables[0], plain_register_again, NULL);
}

/* Writes what unregistering returns while its thread ends, and what it returns for a new one. */
void plain_unregister(void *value)
{
    (void)value;
    write_line(current, 100 + (long)api->unregister(&variables[1]));
    api->register_(&variables[1], plain_write, NULL);
    api->register_(&variables[1], plain_write, NULL);
    api->register_(&variables[2], plain_write, NULL);
    write_line(current, 100 + (long)api->unregister(&variables[1]));
}

/* Threads that Python never sees */

static void *plain_body(void *log)
{
    current = (log_t *)log;
    plain_set(0, 7);
    if (api->register_(&variables[0], plain_write, NULL) != 0) {
        write_line(current, -1);
    }
    return NULL;
}

int plain_thread(log_t *log)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, plain_body, log);
    return error ? error : pthread_join(thread, NULL);
}

