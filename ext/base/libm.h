/* libm.h - the one door to <math.h>.
 *
 * glibc 2.29 gave exp, log and pow new symbol versions, and a library linked against them does
 * not load on an older system.  The versions of 2.2.5 are still there, compute to the same
 * accuracy and differ only in setting errno; a loadable library for x86_64 binds to those.  A
 * program that compiles SQLite in (SQLITE_CORE) runs where it was built and needs none of this.
 */
#ifndef LIBM_H
#define LIBM_H

#include <math.h>

#if !defined(SQLITE_CORE) && defined(__GLIBC__) && defined(__x86_64__)
__asm__(".symver exp, exp@GLIBC_2.2.5");
__asm__(".symver log, log@GLIBC_2.2.5");
__asm__(".symver pow, pow@GLIBC_2.2.5");
#endif

#endif
