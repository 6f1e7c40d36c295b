using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>Tokens with which browsers open event streams.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0012_stream_tokens")]
public sealed class M0012StreamTokens : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0012_stream_tokens.sql";
}
