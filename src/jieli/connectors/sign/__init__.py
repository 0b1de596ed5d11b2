"""The company's electronic seal on papers: PAdES by the installation's own certificate. It is never 公章."""
