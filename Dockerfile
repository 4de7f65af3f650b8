# The images of catalog and orders: docker build --platform linux/arm64 --target catalog .
# API and worker run from the same image: a worker has the command `python -m shop.runtime.worker shop.catalog.app:worker`.
# The file system can be read-only: what is written goes to /tmp, which must be a volume or a tmpfs.
ARG PYTHON=public.ecr.aws/docker/library/python:3.13.13-slim-trixie

# ---------------------------------------------------------------------------- build: what an image holds, in /app
FROM ${PYTHON} AS build
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
WORKDIR /build
COPY pyproject.toml uv.lock ./
COPY scripts/image-content scripts/
COPY src/shop src/shop

FROM build AS catalog-content
RUN sh scripts/image-content catalog /app

FROM build AS orders-content
RUN sh scripts/image-content orders /app

# --------------------------------------------------------------------------- run: Python, a user, and certificates
FROM ${PYTHON} AS run
RUN groupadd --gid 10001 shop && useradd --uid 10001 --gid shop --no-create-home --shell /usr/sbin/nologin shop \
    && chown shop:shop /tmp
# The certificates that RDS's servers prove themselves with: buildspec.yml puts those of the region into this folder.
COPY docker/certificates/ /etc/shop/
WORKDIR /app
ENV PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    LANG=C.UTF-8 \
    TZ=UTC
USER 10001:10001
# Fargate gives a volume at this place the owner and mode that it has here, so that our user may write there; else it
# is root's, 0755: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
VOLUME ["/tmp"]
EXPOSE 8000
STOPSIGNAL SIGTERM
# ECS asks the same, but has to be told by the task definition; a worker has no port, and there it is turned off.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "shop.runtime.healthy", "http://127.0.0.1:8000/health/live"]

# ------------------------------------------------------------------------------------------------------ the images
FROM run AS catalog
COPY --from=catalog-content /app /app
CMD ["python", "-m", "uvicorn", "shop.catalog.app:api", "--factory", "--host", "0.0.0.0", "--port", "8000", \
     "--http", "httptools", "--ws", "none", "--no-proxy-headers", "--no-access-log", "--log-level", "warning", \
     "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "20"]

FROM run AS orders
COPY --from=orders-content /app /app
CMD ["python", "-m", "uvicorn", "shop.orders.app:api", "--factory", "--host", "0.0.0.0", "--port", "8000", \
     "--http", "httptools", "--ws", "none", "--no-proxy-headers", "--no-access-log", "--log-level", "warning", \
     "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "20"]
