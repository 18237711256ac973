"""Workflows and executions as n8n's public API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.n8n.store import Execution, Workflow


def shown_workflow(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow with the one node that starts it."""
    return {
        "id": workflow.id,
        "name": workflow.name,
        "active": workflow.active,
        "createdAt": _moment(workflow.created_at),
        "updatedAt": _moment(workflow.updated_at),
        "nodes": [_starting_node(workflow)],
        "connections": {},
        "settings": {"executionOrder": "v1"},
        "staticData": None,
        "tags": [{"id": f"tag-{name}", "name": name} for name in workflow.tags],
    }


def shown_execution(execution: Execution, *, with_data: bool) -> dict[str, Any]:
    """Return an execution; its data are large, and shown when asked for."""
    shown: dict[str, Any] = {
        "id": execution.id,
        "finished": not execution.has_failed,
        "mode": execution.mode,
        "retryOf": execution.retry_of,
        "retrySuccessId": execution.retry_success_id,
        "status": execution.status,
        "startedAt": _moment(execution.at),
        "stoppedAt": _moment(execution.at),
        "workflowId": execution.workflow_id,
        "waitTill": None,
    }
    if with_data:
        outcome: dict[str, Any] = {
            "lastNodeExecuted": "Start",
            "runData": {"Start": [execution.data]},
        }
        if execution.has_failed:
            outcome["error"] = {"message": "The workflow was told to fail."}
        shown |= {"data": {"resultData": outcome}, "customData": {}}
    return shown


def _starting_node(workflow: Workflow) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": f"{workflow.id}-start",
        "name": "Start",
        "typeVersion": 2,
        "position": [0, 0],
    }
    if not workflow.webhook_path:
        return {**node, "type": "n8n-nodes-base.scheduleTrigger", "parameters": {}}
    mode = "lastNode" if workflow.waits else "onReceived"
    parameters = {
        "path": workflow.webhook_path,
        "httpMethod": workflow.webhook_method,
        "responseMode": mode,
    }
    return {**node, "type": "n8n-nodes-base.webhook", "parameters": parameters}


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
