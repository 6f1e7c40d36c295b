using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Npgsql;

namespace Messaging.Infrastructure.Files;

/// <summary>
/// Inputs and results that are too large for a row. They become files, and the row holds a reference, <c>@file:ID</c>. That is no JSON, and
/// everything else in these columns was checked to be, so nothing that somebody sends can be taken for one.
/// </summary>
public sealed class LargeTexts(FileStore files)
{
    /// <summary>The largest that stays in its row, in bytes: 256 KiB.</summary>
    public const int MostInline = 256 * 1024;

    /// <summary>The largest there may be, in bytes: 16 MiB. Handlers and callers have it in memory whole; what is larger is an upload.</summary>
    public const int Most = 16 * 1024 * 1024;

    private const string MediaType = "application/json";

    private static ReadOnlySpan<byte> Mark => "@file:"u8;

    /// <summary>True if what a row holds is a reference.</summary>
    public static bool IsReference(ReadOnlySpan<byte> stored) => stored.StartsWith(Mark);

    /// <summary>What to put into the row: the text itself, or a reference to it.</summary>
    /// <param name="taskId">Whose it is: the file goes with the task, also if that is never stored.</param>
    /// <param name="text">UTF-8 JSON.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> StoreAsync(Guid taskId, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        if (text.Length <= MostInline)
            return text;
        var content = PipeReader.Create(new ReadOnlySequence<byte>(text));
        var file = await files.WriteAsync(new NewFile(MediaType, null, taskId, Length: text.Length), content, Most, cancellationToken);
        return Encoding.ASCII.GetBytes($"{Encoding.ASCII.GetString(Mark)}{file.Id:D}");
    }

    /// <summary>Deletes what was stored for a row that was not written after all. If the ledger is away, it is done later.</summary>
    /// <param name="stored">What <see cref="StoreAsync"/> has answered.</param>
    public Task DiscardAsync(ReadOnlyMemory<byte> stored) =>
        IsReference(stored.Span) && TryReadId(stored, out var id) ? files.ForgetAsync(id) : Task.CompletedTask;

    /// <summary>The text that a row holds or refers to.</summary>
    /// <exception cref="EndOfStreamException">It refers to a file that is gone.</exception>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public ValueTask<ReadOnlyMemory<byte>> LoadAsync(ReadOnlyMemory<byte> stored, CancellationToken cancellationToken) =>
        IsReference(stored.Span) ? new(ReadAsync(stored, cancellationToken)) : new(stored);

    private static bool TryReadId(ReadOnlyMemory<byte> reference, out Guid id) =>
        Guid.TryParseExact(Encoding.ASCII.GetString(reference.Span[Mark.Length..]), "D", out id);

    private async Task<ReadOnlyMemory<byte>> ReadAsync(ReadOnlyMemory<byte> reference, CancellationToken cancellationToken)
    {
        if (!TryReadId(reference, out var id)
            || await files.FindAsync(id, cancellationToken) is not { } file)
            throw new EndOfStreamException("The file that holds the text is gone.");
        var text = new byte[file.Size];
        await using var stream = files.OpenRead(file);
        await stream.ReadExactlyAsync(text, cancellationToken);
        return text;
    }
}
