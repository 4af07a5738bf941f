"""Names that mean two things are told apart; names that mean one thing stay as they are."""

from typing import Any

from openapi_spec_validator import validate

from gateway.portal.openapi import merge

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def pointing(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"it": {"$ref": f"#/components/schemas/{name}"}}}


def document(
    path: str, schemas: dict[str, Any], *, answers: str = "Answer", operation: str = "read"
) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{answers}"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {
            path: {
                "parameters": [{"name": "q", "in": "query", "schema": TEXT}],
                "get": {
                    "operationId": operation,
                    "responses": {"200": {"description": "ok", "content": content}},
                },
            }
        },
        "components": {"schemas": schemas},
    }


def merged(**documents: Any) -> dict[str, Any]:
    made = merge("All", "of it", documents)
    validate(made)
    return made


def schema_of(made: dict[str, Any], path: str) -> str:
    content = made["paths"][path]["get"]["responses"]["200"]["content"]
    reference: str = content["application/json"]["schema"]["$ref"]
    return reference.rpartition("/")[2]


def test_schemas_that_are_the_same_stay_one() -> None:
    made = merged(
        auth=document("/api/v1/auth/me", {"Answer": TEXT}),
        resume=document("/api/v1/resume/", {"Answer": TEXT}),
    )
    assert set(made["components"]["schemas"]) == {"Answer"}


def test_schemas_that_differ_get_their_services_names() -> None:
    made = merged(
        auth=document("/api/v1/auth/me", {"Answer": TEXT}),
        resume=document("/api/v1/resume/", {"Answer": NUMBER}),
    )
    assert made["components"]["schemas"] == {"AuthAnswer": TEXT, "ResumeAnswer": NUMBER}
    assert schema_of(made, "/api/v1/auth/me") == "AuthAnswer"
    assert schema_of(made, "/api/v1/resume/") == "ResumeAnswer"


def test_schemas_that_only_look_the_same_are_told_apart_too() -> None:
    made = merged(
        auth=document("/api/v1/auth/me", {"Answer": pointing("Part"), "Part": TEXT}),
        resume=document("/api/v1/resume/", {"Answer": pointing("Part"), "Part": NUMBER}),
    )
    assert set(made["components"]["schemas"]) == {"AuthAnswer", "AuthPart", "ResumeAnswer", "ResumePart"}
    assert made["components"]["schemas"]["ResumeAnswer"] == pointing("ResumePart")


def test_a_new_name_that_is_taken_is_made_longer() -> None:
    made = merged(
        auth=document("/api/v1/auth/me", {"Answer": pointing("AuthAnswer"), "AuthAnswer": TEXT}),
        resume=document("/api/v1/resume/", {"Answer": NUMBER}),
    )
    assert schema_of(made, "/api/v1/auth/me") == "AuthAnswer_"
    assert made["components"]["schemas"]["AuthAnswer"] == TEXT


def test_operations_of_one_name_get_their_services_names() -> None:
    made = merged(
        auth=document("/api/v1/auth/me", {"Answer": TEXT}),
        resume=document("/api/v1/resume/", {"Answer": TEXT}),
        interview=document("/api/v1/interview/", {"Answer": TEXT}, operation="auth_read"),
    )
    ids = {path: item["get"]["operationId"] for path, item in made["paths"].items()}
    assert ids == {
        "/api/v1/auth/me": "auth_read",
        "/api/v1/resume/": "resume_read",
        "/api/v1/interview/": "auth_read_2",
    }


def test_each_operation_has_a_tag_and_no_schema_is_left_over() -> None:
    auth = document("/api/v1/auth/me", {"Answer": TEXT, "Unused": NUMBER})
    auth["paths"]["/internal/x"] = auth["paths"]["/api/v1/auth/me"]
    made = merged(auth=auth)
    assert made["paths"]["/api/v1/auth/me"]["get"]["tags"] == ["auth"]
    assert made["tags"] == [{"name": "auth"}]
    assert set(made["components"]["schemas"]) == {"Answer"}
    assert set(made["paths"]) == {"/api/v1/auth/me"}


def test_problems_are_told_with_their_media_type() -> None:
    auth = document("/api/v1/auth/me", {"Answer": TEXT, "Problem": TEXT})
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    responses = auth["paths"]["/api/v1/auth/me"]["get"]["responses"]
    responses["4XX"] = {"description": "no", "content": {"text/event-stream": problem}}
    made = merged(auth=auth)["paths"]["/api/v1/auth/me"]["get"]["responses"]
    assert made["4XX"]["content"] == {"application/problem+json": problem}
    assert set(made["200"]["content"]) == {"application/json"}


def test_a_service_serves_only_its_own_prefixes() -> None:
    task = document("/api/v1/tasks/1", {"Answer": TEXT})
    assert merged(interview=task)["paths"] == {}
    assert set(merged(resume=task)["paths"]) == {"/api/v1/tasks/1"}
