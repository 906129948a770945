"""Makes calls with OpenAI's own client: cases as JSON on standard input, what came of each as JSON on standard output."""

import json
import sys

import openai

base_url, token, folder = sys.argv[1:]
client = openai.OpenAI(base_url=base_url, api_key=token, max_retries=0)
# Where this client has other names than the one in JavaScript.
python_names = {"createVariation": "create_variation"}


def with_files(value):
    if isinstance(value, dict) and list(value) == ["file"]:
        with open(f"{folder}/{value['file']}", "rb") as file:
            return (value["file"], file.read())
    return [with_files(item) for item in value] if isinstance(value, list) else value


def answer_of(case):
    method = client
    for name in case["call"].split("."):
        method = getattr(method, python_names.get(name, name))
    given = {name: with_files(value) for name, value in case.get("given", {}).items()}
    answer = method(*case.get("words", []), **given, extra_body=case["beyond"]) if "beyond" in case else method(*case.get("words", []), **given)
    if isinstance(answer, openai.Stream):
        return [event.model_dump(mode="json") for event in answer]
    return answer.model_dump(mode="json")


def outcome_of(case):
    try:
        return {"answer": answer_of(case)}
    except openai.APIError as error:
        return {"error": {"status": getattr(error, "status_code", None), "code": error.code, "param": error.param}}


json.dump([outcome_of(case) for case in json.load(sys.stdin)], sys.stdout)
