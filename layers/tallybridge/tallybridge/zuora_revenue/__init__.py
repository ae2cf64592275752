"""Client of Zuora Revenue's REST API: login, upload templates, uploads and their status, stage errors. Knows no run."""

from tallybridge.zuora_revenue.client import StageError, Upload, UploadState, UploadStatus, ZuoraRevenue
from tallybridge.zuora_revenue.connection import RevenueConnection
from tallybridge.zuora_revenue.template import Template, TemplateColumn

__all__ = ["RevenueConnection", "StageError", "Template", "TemplateColumn", "Upload", "UploadState", "UploadStatus", "ZuoraRevenue"]
