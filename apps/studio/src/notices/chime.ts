/** Two soft tones, for whoever is in the room. A browser that has seen no press on the page may keep it silent. */
export function playChime(): void {
  if (typeof AudioContext === 'undefined') return;
  const context = new AudioContext();
  const tones = [660, 880];
  for (const [index, hertz] of tones.entries()) {
    const [oscillator, gain] = [context.createOscillator(), context.createGain()];
    const start = context.currentTime + index * 0.16;
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.15, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.35);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.36);
    if (index === tones.length - 1) oscillator.onended = () => void context.close();
  }
}
