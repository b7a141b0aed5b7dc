"""Whole connections of a deployment, beforehand: does each side accept the other, now and after public CAs end clientAuth?"""
