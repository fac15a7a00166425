"""The operations of the OpenAPI document, and the requests that it shows."""

from typing import Any

Operation = tuple[str, str, dict[str, Any]]


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    found: Any = document
    for step in part.get("$ref", "#/").removeprefix("#/").split("/"):
        found = found[step] if step else part
    return dict(found)


def operations(document: dict[str, Any]) -> list[Operation]:
    """``(METHOD, path, operation)`` of the whole document."""
    return [
        (method.upper(), path, operation)
        for path, described in document["paths"].items()
        for method, operation in described.items()
    ]


def example_of(parameter: dict[str, Any]) -> Any:
    """The example of a parameter, None if it has none."""
    schema = parameter["schema"]
    return next(iter(schema.get("examples", ())), parameter.get("example"))


def sent(document: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """The request that the documentation shows: the example of each parameter, and of the body."""
    method, path, said = operation
    request: dict[str, Any] = {"params": {}, "headers": {}}
    for parameter in said.get("parameters", ()):
        example = example_of(parameter)
        if parameter["in"] == "path":
            assert example is not None, f"{method} {path}: {parameter['name']} has no example"
            path = path.replace(f"{{{parameter['name']}}}", str(example))
        elif example is not None:
            request["params" if parameter["in"] == "query" else "headers"][parameter["name"]] = example
        else:
            assert not parameter.get("required"), f"{method} {path}: {parameter['name']} has no example"
    if "requestBody" in said:
        media_type, content = next(iter(said["requestBody"]["content"].items()))
        request["headers"]["Content-Type"] = media_type
        if media_type.endswith("json"):
            [request["json"]] = resolved(document, content["schema"])["examples"]
        else:
            request["content"] = content["example"]
    return {"method": method, "path": path, **request}
