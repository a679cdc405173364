/* Makes a program of freeze-core, a launcher of frozen applications with a whole interpreter in it,
 * into a plain `python`: its main function is never called, the interpreter's is. */
#define _GNU_SOURCE
#include <dlfcn.h>

typedef int main_function(int, char **, char **);
typedef int start_function(main_function *, int, char **, void (*)(void), void (*)(void),
                           void (*)(void), void *);

/* Exported by the program. */
int Py_BytesMain(int argc, char **argv);

static int python(int argc, char **argv, char **environment)
{
    (void)environment;
    return Py_BytesMain(argc, argv);
}

/* The C library's, which the program enters with its main function: ours comes before it. */
int __libc_start_main(main_function *launcher, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*linker_fini)(void), void *stack_end)
{
    start_function *start = (start_function *)dlsym(RTLD_NEXT, "__libc_start_main");
    (void)launcher;
    return start(python, argc, argv, init, fini, linker_fini, stack_end);
}
