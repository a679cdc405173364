/* A log that the destructors of a thread write numbers to; valid C and C++. */
#ifndef LOG_H
#define LOG_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct log {
    pthread_mutex_t mutex;
    int length;
    long lines[8192];
} log_t;

static inline log_t *new_log(void)
{
    log_t *log = (log_t *)calloc(1, sizeof(log_t));
    pthread_mutex_init(&log->mutex, NULL);
    return log;
}

static inline void write_line(log_t *log, long line)
{
    pthread_mutex_lock(&log->mutex);
    log->lines[log->length++] = line;
    pthread_mutex_unlock(&log->mutex);
}

static inline int read_lines(log_t *log, long *lines)
{
    int length;
    pthread_mutex_lock(&log->mutex);
    length = log->length;
    for (int index = 0; index < length; index++) {
        lines[index] = log->lines[index];
    }
    pthread_mutex_unlock(&log->mutex);
    return length;
}

#endif
