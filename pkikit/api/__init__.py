"""The functions behind `import pkikit`. Import them from `pkikit`; the modules in here may change."""
