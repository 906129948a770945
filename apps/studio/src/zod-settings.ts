import { z } from 'zod';

// The page's policy forbids making code from strings, which zod would otherwise try for speed. This must run before any schema is made.
z.config({ jitless: true });
