import { complain } from '../ui/toast.tsx';
import { takeRecipe } from './dropped.ts';

/** Opens the computer's files for one that was saved from Atelier, to restore how it was made. */
export function chooseRecipe(): void {
  const picker = document.createElement('input');
  picker.type = 'file';
  picker.accept = 'image/png,image/jpeg,image/webp,image/gif,video/mp4';
  picker.onchange = () => {
    const file = picker.files?.[0];
    if (file) takeRecipe(file).catch(complain);
  };
  picker.click();
}
