# One image for every command of fleetgauge, without the embedded servers of `fleetgauge demo`.
# All it needs comes as wheels: no compiler.
FROM python:3.13-slim AS build
# archive.txt adds what the archive and backfilling from Parquet need, 170 MB.
ARG REQUIREMENTS=runtime.txt
WORKDIR /src
COPY requirements/ requirements/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
 && python -m venv /opt/fleetgauge \
 && /opt/fleetgauge/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
      -r requirements/$REQUIREMENTS
# Only what the wheel is made of: a change of a test keeps the layers above and here.
COPY pyproject.toml README.md LICENSE .env.example ./
COPY models/ models/
COPY storage/ storage/
COPY ingest/ ingest/
COPY metrics/ metrics/
COPY reports/ reports/
COPY web/ web/
COPY docs/runbooks/ docs/runbooks/
COPY deploy/ deploy/
COPY dashboards/ dashboards/
COPY simulator/ simulator/
COPY fleetgauge/ fleetgauge/
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/fleetgauge/bin/pip install --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.13-slim
# `fleetgauge backup` and `restore` run pg_dump and pg_restore of PostgreSQL 17.
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-client \
 && rm -rf /var/lib/apt/lists/*
# The folders become the first content of the volumes mounted there, owner included.
RUN groupadd --gid 10001 fleetgauge \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent fleetgauge \
 && for name in authority timescaledb migrate ingest admin metrics web simulator grafana; do \
      install -d -o 10001 -g 10001 -m 0750 /secrets/$name; done \
 && install -d -o 10001 -g 10001 -m 0770 /secrets/mosquitto
COPY --from=build /opt/fleetgauge /opt/fleetgauge
COPY deploy/secrets/make_secrets.py deploy/secrets/broker_tls.py /usr/local/lib/fleetgauge/
ENV PATH=/opt/fleetgauge/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 9107 9108 9109
# ingest commits and acknowledges what it has received, and ends within 10 s.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["fleetgauge", "check", "--service", "ingest"]
ENTRYPOINT ["fleetgauge"]
CMD ["ingest"]
