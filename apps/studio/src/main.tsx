/**
 * The studio: the web app over the coordinator's API.
 * Not here: any rule of chains, plans or runs; those come from @atelier/protocol and from the coordinator.
 * Begin with app.tsx (pages), frame/ (what stands round them), chain/ (composing), run/ (watching) and plan-picture/.
 * What tasks show of their own is in families/, by task-views/.
 */
import './zod-settings.ts';
import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './app.css';
import { keepDraft } from './chain/keep-draft.ts';
import { openPerson, whenKnown } from './kept/person.ts';
import { keepFocus } from './ui/keep-focus.ts';

openPerson();
whenKnown(keepDraft);
keepFocus();

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
