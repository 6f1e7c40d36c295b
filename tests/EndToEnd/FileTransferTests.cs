using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Messaging.Tests.EndToEnd;

/// <summary>A large file goes in and out, and the process that carries it does not grow.</summary>
[Category("Alone")]
[NonParallelizable]
public sealed class FileTransferTests
{
    // MESSAGING_TEST_FILE_MIB=64 for less; the bound is the same.
    private static readonly long Bytes =
        long.Parse(Environment.GetEnvironmentVariable("MESSAGING_TEST_FILE_MIB") ?? "1024", CultureInfo.InvariantCulture) * 1024 * 1024;

    private const long MostGrowthKiB = 64 * 1024;

    [Test]
    public async Task A_large_file_goes_in_and_out_in_flat_memory()
    {
        await using var system = await RunningSystem.StartAsync(consumers: 0);
        // What the first use of everything takes is not what is measured.
        await TransferAsync(system, 4 * 1024 * 1024);
        var before = PeakKiB(system);
        var watch = System.Diagnostics.Stopwatch.StartNew();

        await TransferAsync(system, Bytes);

        var growth = PeakKiB(system) - before;
        await TestContext.Out.WriteLineAsync(
            $"{Bytes / 1024 / 1024} MiB in and out in {watch.Elapsed.TotalSeconds:0.0} s; peak memory {before / 1024} MiB before, {growth / 1024} MiB more during it");
        Assert.That(growth, Is.LessThan(MostGrowthKiB), "KiB");
    }

    private static async Task TransferAsync(RunningSystem system, long bytes)
    {
        await using var source = new HashingSource(bytes);
        using var content = new StreamContent(source, 256 * 1024);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.ContentLength = bytes;
        using var created = await system.Producer.Http.PostAsync(new Uri("v1/files", UriKind.Relative), content);
        Assert.That(created.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        var file = (await created.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.That(file["size"]!.GetValue<long>(), Is.EqualTo(bytes));
        Assert.That(file["sha256"]!.GetValue<string>(), Is.EqualTo(source.Hash));

        using var answer = await system.Producer.Http.GetAsync(
            new Uri($"v1/files/{file["id"]}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        Assert.That(Convert.ToHexStringLower(await SHA256.HashDataAsync(body)), Is.EqualTo(source.Hash));
    }

    private static long PeakKiB(RunningSystem system) => long.Parse(
        File.ReadLines($"/proc/{system.Producer.Process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    /// <summary>Bytes without a pattern that any compression would find, and their hash.</summary>
    private sealed class HashingSource(long length) : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly Random _random = new(1);
        private long _position;

        /// <summary>Once all was read; whoever sends it disposes it.</summary>
        public string Hash { get; private set; } = "";

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var part = buffer[..(int)Math.Min(buffer.Length, length - _position)];
            _random.NextBytes(part);
            _hash.AppendData(part);
            _position += part.Length;
            if (_position == length && Hash.Length == 0)
                Hash = Convert.ToHexStringLower(_hash.GetCurrentHash());
            return part.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _hash.Dispose();
            base.Dispose(disposing);
        }
    }
}
