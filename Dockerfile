# One recipe for every service: `make images`, or docker build --build-arg SERVICE=auth .
FROM python:3.13-slim-trixie AS build
ARG SERVICE
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
RUN --mount=type=cache,target=/root/.cache/pip python -m pip install -q --root-user-action=ignore uv==0.13.9
WORKDIR /build
COPY services/${SERVICE}/requirements.lock requirements.lock
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv -q /app && uv pip sync -q --python /app/bin/python --require-hashes requirements.lock
COPY libs/common libs/common
COPY libs/llm libs/llm
COPY services/${SERVICE} services/${SERVICE}
# packages are unpacked beside the locked ones; migrations travel inside their package
RUN packages="$(/app/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
 && cp -r libs/common/src/common "services/${SERVICE}/src/${SERVICE}" "$packages/" \
 && if grep -q interviewace-llm "services/${SERVICE}/pyproject.toml"; then cp -r libs/llm/src/llm "$packages/"; fi \
 && if [ -d "services/${SERVICE}/migrations" ]; then cp -r "services/${SERVICE}/migrations" "$packages/${SERVICE}/migrations"; fi \
 && /app/bin/python -m compileall -q "$packages/common" "$packages/${SERVICE}"

FROM python:3.13-slim-trixie
ARG SERVICE
RUN useradd --system --uid 10001 --no-create-home interviewace
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 METRICS_PORT=9464 METRICS_HOST=0.0.0.0 ORT_DISABLE_TELEMETRY=1 SERVICE=${SERVICE}
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# the API; a worker is started with the command `serve worker`
COPY --chmod=755 deploy/serve /usr/local/bin/serve
CMD ["serve", "app"]
# last, so that a new version builds nothing anew
ARG VERSION=0
ARG REVISION=unknown
ENV VERSION=${VERSION} REVISION=${REVISION}
LABEL org.opencontainers.image.title="interviewace-${SERVICE}" \
      org.opencontainers.image.description="InterviewAce: the ${SERVICE} service" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
