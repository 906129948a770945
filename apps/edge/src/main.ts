/** The edge as a program: see command-line.ts for its flags, program.ts for its exit codes. */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

// An edge that waits should be small: the space of young objects does not grow, and compiled modules are kept, which spares
// the compiler's own memory (10 to 20 MB) from the second start on. Both must stand before the first large import.
setFlagsFromString('--semi-space-growth-factor=1');
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/atelier'));

const { runProgram } = await import('./program.ts');
process.exitCode = await runProgram();
// Child processes and sockets are closed by now; a timer of a library may not keep the process.
process.exit();
