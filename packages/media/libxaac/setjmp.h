/* WebAssembly has no longjmp. libxaac jumps only to leave a unit whose bits ran out; here the module traps, and is started anew. */
#pragma once
typedef int jmp_buf[1];
#define setjmp(buffer) ((void)(buffer), 0)
#define longjmp(buffer, value) ((void)(value), __builtin_trap())
