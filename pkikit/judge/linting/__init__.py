"""Judgements of files before they are used: certificates, requests, uploads, replacements."""
