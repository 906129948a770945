"""Draws with the very pipeline of training/sample.py, a line in, a line out: `PROMPT` in, seconds out. For bench/pictures.ts.

    python draw.py MODEL_FOLDER THREADS STEPS GUIDANCE
"""
import io
import os
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../training"))
from sample import Pipeline  # noqa: E402

folder, threads, steps, guidance = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
pipeline = Pipeline(folder, threads)
print("ready", flush=True)
for number, line in enumerate(sys.stdin):
    noise = np.random.default_rng(number).standard_normal((1, 8, 16, 16)).astype(np.float32)
    begun = time.perf_counter()
    latent = pipeline.latent(line.strip(), noise, steps, guidance)
    picture = pipeline.picture(latent)
    picture.save(io.BytesIO(), "png")
    print(time.perf_counter() - begun, flush=True)
