import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The coordinator that the development server passes API calls on to. */
const coordinator = process.env.ATELIER_URL ?? 'http://127.0.0.1:4747';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  server: {
    host: '127.0.0.1',
    port: 4790,
    proxy: { '/api': { target: coordinator, changeOrigin: true }, '/docs': coordinator },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // The page's policy allows no data: fonts or scripts, and small files are cached better on their own.
    assetsInlineLimit: 0,
    // In kB. The first page's file is about 650, 210 compressed.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // Zod and its settings lie in one file, so that the settings count before any other file makes a schema.
            { name: 'zod', test: /node_modules[\\/]zod|zod-settings/, priority: 3 },
            { name: 'react', test: /node_modules[\\/](react|react-dom|react-router|scheduler)[\\/]/, priority: 2 },
            // What the first page needs lies in one file, and not in one for each set of pages that share a part of it.
            { name: 'first', test: /studio[\\/]src[\\/](api|chain|frame|kept|task-views|ui|units)[\\/]/, priority: 1 },
          ],
        },
      },
    },
  },
});
