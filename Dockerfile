# Two stages: the first builds a wheel and installs it with its dependencies, the second only runs it.
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY matching ./matching
COPY stubserver ./stubserver
RUN python -m venv /opt/stubserver \
 && /opt/stubserver/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home stubserver \
 && install -d -o stubserver /data
COPY --from=build /opt/stubserver /opt/stubserver
ENV PATH=/opt/stubserver/bin:$PATH PYTHONUNBUFFERED=1 \
    STUBSERVER_HOST=0.0.0.0 STUBSERVER_PORT=8080 STUBSERVER_LOG_FORMAT=json STUBSERVER_DATA=/data
USER stubserver
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"STUBSERVER_PORT\"]}/_stubserver/health', timeout=2)"]
# Mount pacts at /pacts, or name other sources: docker run … stubserver serve https://…
# For a team: docker run -v stubs:/data … stubserver host --auth token
VOLUME ["/pacts", "/data"]
ENTRYPOINT ["stubserver"]
CMD ["serve", "/pacts"]
