# One image, several commands: worker.py, starter.py, second-opinion.
FROM python:3.12-slim AS built
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE worker.py starter.py ./
COPY policy policy
COPY workflows workflows
COPY activities activities
COPY records records
COPY adapters adapters
COPY wiring wiring
COPY portal portal
COPY cli cli
COPY examples examples
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --constraint constraints.txt --editable '.[postgres,s3]'

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home app && mkdir /data && chown app /data
COPY --from=built /venv /venv
COPY --from=built /app /app
WORKDIR /app
USER app
ENV PATH=/venv/bin:$PATH SECOND_OPINION_HOME=/data SECOND_OPINION_LOG_FORMAT=json
CMD ["python", "worker.py"]
