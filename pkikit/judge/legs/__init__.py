"""Whole connections of a deployment: does each side accept the other, now and after public CAs end clientAuth?"""
