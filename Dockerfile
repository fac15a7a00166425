# The base image by digest (of all platforms), packages by hash; docs/operating.md says how to renew both.
ARG PYTHON=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON} AS build
WORKDIR /build
RUN python -m venv /opt/vefa
COPY .ci/image-requirements.txt .ci/
RUN /opt/vefa/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r .ci/image-requirements.txt
COPY . .
RUN /opt/vefa/bin/pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps --no-build-isolation .

FROM ${PYTHON}
RUN useradd --system --create-home --home-dir /var/lib/vefa --uid 10001 vefa
COPY --from=build /opt/vefa /opt/vefa
ENV PATH=/opt/vefa/bin:$PATH PYTHONUNBUFFERED=1 VEFA_DATABASE_URL=sqlite:////var/lib/vefa/vefa.db
USER vefa
WORKDIR /var/lib/vefa
VOLUME /var/lib/vefa
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
# Migrations are a command of their own: docker run ... vefa migrate
CMD ["vefa", "serve", "--host", "0.0.0.0", "--port", "8000"]
