"""Do prompts that a language model wrote draw what was asked for as well as the untouched words do?

    node packages/drivers/bench/picture-prompts.ts SMOLLM2_FOLDER prompts.json
    python training/measure-prompts.py --model STARTER_DIFFUSION --tower models/starter-diffusion/tower/tower.onnx --prompts prompts.json

STARTER_DIFFUSION: the pulled model (with text_encoder/model.safetensors). Each row of prompts.json has name, typed and prompt. For each of four
fixed seeds the same noise is drawn with the typed words and with the prompt; the tower turns each picture's latent into a vector, which
is compared (cosine) with the text encoder's vector of the plain name. Prints the mean difference, prompt minus typed, with its 95 % interval
over names (Student's t on the mean of each name's seeds), and how many pictures name themselves rightly among all names.
"""
import argparse
import json
import os

import numpy as np
import onnxruntime as ort

from sample import Pipeline

SEEDS = (11, 22, 33, 44)
T = 2.01  # Student's t for 95 % with 49 degrees of freedom


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--tower", required=True)
    parser.add_argument("--prompts", required=True)
    parser.add_argument("--names", default=os.path.join(os.path.dirname(__file__), "../models/starter-diffusion/names.json"))
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=4.0)
    arguments = parser.parse_args()
    rows = json.load(open(arguments.prompts))
    pipeline = Pipeline(arguments.model)
    tower = ort.InferenceSession(arguments.tower)

    def sentence(text):
        pipeline.encode("")
        ids = np.array([pipeline.tokenizer.encode(text).ids], np.int64)
        return pipeline.text.run(["sentence_embedding"], {"input_ids": ids})[0][0]

    names = json.load(open(arguments.names))
    known = np.stack([sentence(name) for name in names])
    scores, first = {"typed": [], "prompt": []}, {"typed": 0, "prompt": 0}
    for row in rows:
        target = sentence(row["name"])
        for kind in scores:
            per_seed = []
            for seed in SEEDS:
                noise = np.random.default_rng(seed).standard_normal((1, 8, 16, 16)).astype(np.float32)
                latent = pipeline.latent(row[kind], noise, arguments.steps, arguments.guidance)
                embedding = tower.run(["embedding"], {"latent": latent})[0][0]
                per_seed.append(float(embedding @ target))
                first[kind] += names[int(np.argmax(known @ embedding))] == row["name"]
            scores[kind].append(np.mean(per_seed))
    typed, prompt = np.array(scores["typed"]), np.array(scores["prompt"])
    difference = prompt - typed
    half = T * difference.std(ddof=1) / len(difference) ** 0.5
    pictures = len(rows) * len(SEEDS)
    print(f"{len(rows)} names x {len(SEEDS)} seeds: similarity {typed.mean():.4f} typed, {prompt.mean():.4f} prompt")
    print(f"difference {difference.mean():+.4f}, 95 % interval {difference.mean() - half:+.4f} to {difference.mean() + half:+.4f}")
    print(f"named rightly first: {first['typed'] / pictures:.0%} typed, {first['prompt'] / pictures:.0%} prompt")
    for index in np.argsort(difference)[:8]:
        print(f"  {difference[index]:+.3f}  {rows[index]['typed']!r} -> {rows[index]['prompt']!r}")


if __name__ == "__main__":
    main()
